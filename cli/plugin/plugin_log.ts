/** What a plugin says to its host's log: JSON lines on stderr, as HashiCorp's hclog writes them. */
import type { Report } from "../report.ts";

export class PluginLog {
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  /** @param message names things, and never what they hold */
  line(level: "debug" | "info" | "warn" | "error", message: string): void {
    const timestamp = new Date().toISOString().replace("Z", "000Z"); // microseconds
    const line = { "@level": level, "@message": message, "@module": "coffer", "@timestamp": timestamp };
    try {
      this.#report.bytes(new TextEncoder().encode(JSON.stringify(line) + "\n"), 2);
    } catch {
      // the host has gone, and so will we
    }
  }
}
