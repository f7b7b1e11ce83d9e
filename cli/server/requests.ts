/** The requests that a listener has under way: those that had begun when it is to end are still answered. */
import type { Peer } from "../../server/http/peer.ts";
import { respondRefusal } from "../../server/http/answer.ts";
import { Refusal } from "../../server/http/refusal.ts";

export type Handler = (request: Request, peer: Peer) => Promise<Response>;

/**
 * The runtime's own `shutdown` waits for answers, but takes away the bodies that have not been read yet: a write would be
 * told that its sender had broken it off.
 */
export class Requests {
  readonly #handler: Handler;
  readonly #underWay = new Set<Promise<Response>>();
  #isOver = false;

  constructor(handler: Handler) {
    this.#handler = handler;
  }

  async handle(request: Request, peer: Peer): Promise<Response> {
    if (this.#isOver) {
      return respondRefusal(new Refusal(503, "the server is ending", { headers: { Connection: "close" } }));
    }
    const answer = this.#handler(request, peer);
    this.#underWay.add(answer);
    try {
      return await answer;
    } finally {
      this.#underWay.delete(answer);
    }
  }

  /** Takes no more, and waits for those under way. */
  async finish(): Promise<void> {
    this.#isOver = true;
    await Promise.allSettled(this.#underWay);
  }
}
