import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/**
 * Every proto file of the contract, with its comments, in an order in which each stands behind those it imports.
 * It is what server reflection answers from. Read from disk at each call: call it once per process.
 */
export function readDescriptorImage(): FileDescriptorSet {
  return fromBinary(FileDescriptorSetSchema, readFileSync(new URL('./gen/rollcall.binpb', import.meta.url)));
}
