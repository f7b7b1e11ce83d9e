/** A store in memory: for tests, for programs that bring their own storage, and where there is no file system. */
import { Fault } from "../fault.ts";
import { isSecretName, type SecretName } from "../name.ts";
import { type DocumentId, largestSizeOf, type Store, type StoredDocument, type StoreWriter } from "./store.ts";

export class MemoryStore implements Store {
  readonly #documents = new Map<string, Uint8Array>();
  #turn: Promise<unknown> = Promise.resolve();

  read(document: DocumentId): Promise<StoredDocument | undefined> {
    const [where, limit] = [keyOf(document), largestSizeOf(document)];
    const bytes = this.#documents.get(where);
    if (bytes && bytes.length > limit) {
      return Promise.reject(new Fault("CONFIG", `${where} is larger than ${limit} bytes`));
    }
    return Promise.resolve(bytes && { bytes: bytes.slice(), where });
  }

  list(kind: "secret" | "kv"): Promise<SecretName[]> {
    const ofKind = [...this.#documents.keys()].filter((key) => key.startsWith(`${kind} `));
    const names = ofKind.map((key) => key.slice(kind.length + 1)).filter(isSecretName);
    return Promise.resolve(names.sort());
  }

  exclusively<T>(change: (writer: StoreWriter) => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => change(this.#writer));
    this.#turn = turn.catch(() => {}); // the next writer's turn comes whatever became of this one
    return turn;
  }

  readonly #writer: StoreWriter = {
    write: (document, bytes) => {
      this.#documents.set(keyOf(document), bytes.slice());
      return Promise.resolve();
    },
    remove: (document) => {
      this.#documents.delete(keyOf(document));
      return Promise.resolve();
    },
  };
}

function keyOf(document: DocumentId): string {
  return "name" in document ? `${document.kind} ${document.name}` : document.kind;
}
