import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/**
 * Reads all proto files of the contract with their comments, each after its imports, for server reflection.
 * It reads from disk on each call: call it once per process.
 */
export function readDescriptorImage(): FileDescriptorSet {
  return fromBinary(FileDescriptorSetSchema, readFileSync(new URL('./gen/rollcall.binpb', import.meta.url)));
}
