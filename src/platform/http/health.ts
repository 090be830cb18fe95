import { constants } from "node:fs";
import { access, statfs } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { faultFromDatabase } from "../fault.js";
import { storage } from "../storage.js";

/** Below this a write may fail any moment. */
const LEAST_FREE_BYTES = 32 * 1024 * 1024;
/** Told within a second, whatever the database and the disk do. */
const WITHIN_MS = 800;
/** An answer serves all who ask within this time. */
const KEPT_MS = 200;

/** Why the service cannot do its work now. */
interface Trouble {
  code: "DRAINING" | "DATABASE_UNAVAILABLE" | "STORAGE_FULL" | "DIRECTORY_NOT_WRITABLE";
  zh: string;
  en: string;
}

export interface ReadinessOptions {
  /** Asks the database whether it answers. */
  probe: (withinMs: number) => Promise<void>;
  /** Where attachments, and the embedded engine, are kept. */
  directory: string;
  /** What is told beside a yes. */
  facts: Readonly<Record<string, unknown>>;
}

/** What /readyz says, and why. */
export class Readiness {
  /** Set when the service is about to stop. */
  draining = false;
  private asked: { at: number; troubles: Promise<readonly Trouble[]> } | undefined;

  constructor(private readonly options: ReadinessOptions) {}

  async answer(response: ServerResponse, head: boolean): Promise<void> {
    const found = this.draining ? [DRAINING] : storage.full ? [FULL] : await this.troubles();
    const body = JSON.stringify(found.length === 0 ? { status: "ok", ...this.options.facts } : { status: "unavailable", reasons: found });
    response.writeHead(found.length === 0 ? 200 : 503, { "content-type": "application/json; charset=utf-8", "content-length": Buffer.byteLength(body), ...(found.length === 0 ? {} : { "retry-after": "1" }) });
    response.end(head ? undefined : body);
  }

  private troubles(): Promise<readonly Trouble[]> {
    const now = performance.now();
    if (!this.asked || now - this.asked.at > KEPT_MS) this.asked = { at: now, troubles: this.look() };
    return this.asked.troubles;
  }

  private async look(): Promise<readonly Trouble[]> {
    const found = await Promise.all([this.database(), this.room()]);
    return found.filter((trouble) => trouble !== undefined);
  }

  private async database(): Promise<Trouble | undefined> {
    try {
      await this.options.probe(WITHIN_MS);
      return undefined;
    } catch (error) {
      const { reason } = ((faultFromDatabase(error) as { extensions?: { reason?: string } }).extensions ?? {}) as { reason?: string };
      const told = reason ? ` (${reason})` : "";
      return { code: "DATABASE_UNAVAILABLE", zh: `数据库未应答${told}`, en: `the database does not answer${told}` };
    }
  }

  private async room(): Promise<Trouble | undefined> {
    const { directory } = this.options;
    try {
      await access(directory, constants.W_OK);
      const { bavail, bsize } = await statfs(directory);
      return bavail * bsize < LEAST_FREE_BYTES ? FULL : undefined;
    } catch (error) {
      // Before the first attachment there may be no directory yet.
      const { code } = error as NodeJS.ErrnoException;
      return code === "ENOENT" ? undefined : { code: "DIRECTORY_NOT_WRITABLE", zh: `数据目录不可写(${code})`, en: `the data directory cannot be written (${code})` };
    }
  }
}

const DRAINING: Trouble = { code: "DRAINING", zh: "服务正在停止", en: "the service is stopping" };
const FULL: Trouble = { code: "STORAGE_FULL", zh: "存储空间不足", en: "there is no space left for writing" };
