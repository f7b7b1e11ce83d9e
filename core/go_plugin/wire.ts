/**
 * Protobuf's encoding of fields, as far as the messages here have them. It imports nothing but the package, because the
 * bundle keeps it as a text until it is first needed.
 */
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";

type Bytes = Uint8Array<ArrayBuffer>;

/** A string, bytes, or a nested message; or a number. */
export type Field = Bytes | number;

const VARINT = 0, LENGTH_DELIMITED = 2;

/** Fields 1, 2 and so on. proto3 leaves out those that are empty. */
export function writeFields(fields: readonly (Uint8Array | number)[]): Bytes {
  const writer = new BinaryWriter();
  for (const [i, field] of fields.entries()) {
    if (typeof field === "number") writer.tag(i + 1, VARINT).uint32(field);
    else if (field.length > 0) writer.tag(i + 1, LENGTH_DELIMITED).bytes(field);
  }
  return writer.finish();
}

/** By number; the last of several with the same one counts. @throws when it is no message */
export function readFields(message: Uint8Array): Map<number, Field> {
  const reader = new BinaryReader(message);
  const fields = new Map<number, Field>();
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type === LENGTH_DELIMITED) fields.set(number, reader.bytes().slice());
    else if (type === VARINT) fields.set(number, reader.uint32());
    else reader.skip(type, number);
  }
  if (reader.pos === reader.len) return fields;
  throw new RangeError("the message is cut off");
}
