import assert from "node:assert/strict";
import { TableReader } from "../../../core/config/table_reader.ts";
import { Secret } from "../../../core/secret.ts";

function read<T>(table: Readonly<Record<string, unknown>>, take: (table: TableReader) => T) {
  const problems: string[] = [];
  return { result: take(new TableReader(table, "config.", Object.keys(table), problems)), problems };
}

Deno.test("TableReader.count() takes whole numbers in the range", () => {
  for (const given of [1, 2, 10, undefined]) {
    assert.deepEqual(read({ n: given }, (table) => table.count("n", 1, 10)), { result: given, problems: [] });
  }
  for (const given of [0, 11, -1, 1.5, NaN, "1", true, null, [1]]) {
    const { result, problems } = read({ n: given }, (table) => table.count("n", 1, 10));
    assert.deepEqual([result, problems.length], [undefined, 1], String(given));
  }
});

Deno.test("TableReader.sensitive() makes a secret of a text, and a copy of a secret", () => {
  const given = Secret.fromText("hunter2");
  const { result, problems } = read(
    { a: "hunter2", b: given },
    (table) => [table.sensitive("a"), table.sensitive("b")],
  );
  assert.deepEqual([result.map((secret) => secret?.revealText()), problems], [["hunter2", "hunter2"], []]);
  result[1]!.dispose();
  assert.equal(given.revealText(), "hunter2");
});

Deno.test("TableReader.sensitive() says what is wrong, and never what was given", () => {
  for (const given of [1234567, ["hunter2"], { hunter2: 1 }, "hunter2\0"]) {
    const { result, problems } = read({ token: given }, (table) => table.sensitive("token"));
    assert.deepEqual([result, problems.length], [undefined, 1]);
    assert.ok(!/hunter2|1234567/.test(problems[0]!), problems[0]!);
  }
  assert.deepEqual(read({}, (table) => table.sensitive("token")), { result: undefined, problems: [] });
});
