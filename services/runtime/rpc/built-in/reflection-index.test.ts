import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { readDescriptorImage } from '@rollcall/contract';
import { describe, expect, it } from 'vitest';
import { createReflectionIndex } from './reflection-index.ts';

const index = createReflectionIndex(readDescriptorImage());
const names = (files: Uint8Array[] | undefined) =>
  files?.map((file) => fromBinary(FileDescriptorProtoSchema, file).name);

describe('createReflectionIndex', () => {
  it.each([
    ['a service', 'rollcall.user.v1.UserService', 'rollcall/user/v1/user_service.proto'],
    ['a method', 'rollcall.user.v1.UserService.GetUser', 'rollcall/user/v1/user_service.proto'],
    ['a message', 'rollcall.user.v1.User', 'rollcall/user/v1/user.proto'],
    ['a field', 'rollcall.user.v1.User.email', 'rollcall/user/v1/user.proto'],
    ['a nested message', 'google.rpc.BadRequest.FieldViolation', 'google/rpc/error_details.proto'],
    ['an enum value', 'rollcall.user.v1.USER_STATE_ACTIVE', 'rollcall/user/v1/user.proto'],
    ['an extension', 'buf.validate.field', 'buf/validate/validate.proto'],
  ])('finds the file of %s first, and after it all files that it imports', (_, symbol, file) => {
    const found = names(index.fileBySymbol(symbol)) ?? [];
    expect(found[0]).toBe(file);
    const image = readDescriptorImage().file;
    for (const name of found) {
      expect(found).toEqual(
        expect.arrayContaining(image.find((each) => each.name === name)?.dependency ?? []),
      );
    }
  });

  it('finds extensions by message and number', () => {
    expect(names(index.fileByExtension('google.protobuf.FieldOptions', 1159))?.[0]).toBe(
      'buf/validate/validate.proto',
    );
    expect(index.extensionNumbers('google.protobuf.FieldOptions')).toEqual([1159, 1160, 51001]);
    expect(index.extensionNumbers('rollcall.user.v1.User')).toEqual([]);
  });

  it('returns undefined for unknown names', () => {
    expect(index.fileByName('nope.proto')).toBeUndefined();
    expect(index.fileBySymbol('rollcall.Nope')).toBeUndefined();
    expect(index.fileByExtension('rollcall.user.v1.User', 1)).toBeUndefined();
    expect(index.extensionNumbers('rollcall.Nope')).toBeUndefined();
  });
});
