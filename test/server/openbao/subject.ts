/** Questions with the answers that OpenBao gave, kept in test/vectors/openbao so that they are there without it. */
import assert from "node:assert/strict";
import type { BaoClient } from "./bao_client.ts";

export interface Subject<Question, Answer> {
  /** Of its file. */
  readonly name: string;
  readonly questions: readonly Question[];
  readonly ask: (bao: BaoClient, question: Question) => Promise<Answer>;
}

export interface Answered<Question, Answer> {
  readonly question: Question;
  readonly answer: Answer;
}

const FOLDER = new URL("../../vectors/openbao/", import.meta.url);

/** @param least of them that have to be there: a file that went missing would pass every test */
export function answersTo<Q, A>(subject: Subject<Q, A>, least: number): readonly Answered<Q, A>[] {
  const answers: Answered<Q, A>[] = JSON.parse(Deno.readTextFileSync(fileOf(subject.name)));
  assert.deepEqual(answers.map(({ question }) => question), subject.questions, "scripts/record_openbao_answers.ts");
  assert.ok(answers.length >= least, `${answers.length} answers to ${subject.name}`);
  return answers;
}

export async function askAll<Q, A>({ questions, ask }: Subject<Q, A>, bao: BaoClient): Promise<Answered<Q, A>[]> {
  const answers: Answered<Q, A>[] = [];
  // One after the other: some change what the next one meets, in the same way each time.
  for (const question of questions) answers.push({ question, answer: await ask(bao, question) });
  return answers;
}

/** One answer on a line. */
export function write<Q, A>(subject: Subject<Q, A>, answers: readonly Answered<Q, A>[]): void {
  const lines = answers.map((answer) => JSON.stringify(answer));
  Deno.writeTextFileSync(fileOf(subject.name), `[\n${lines.join(",\n")}\n]\n`);
}

function fileOf(name: string): URL {
  return new URL(`${name}.json`, FOLDER);
}
