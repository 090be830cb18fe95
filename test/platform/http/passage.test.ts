import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, expect, test } from "@jest/globals";
import { Passages, type PassingRequest } from "../../../src/platform/http/passage.js";

const MEGABYTE = 1024 * 1024;

/** A client for whom so many bytes lie in this process. */
function client(bytes: number) {
  const socket = { destroyed: false, writableLength: bytes, bytesRead: 0, _handle: { bytesWritten: 0, writeQueueSize: 0 }, destroy: () => (socket.destroyed = true) };
  const request = Object.assign(new EventEmitter(), { socket, complete: true, readableFlowing: null, readableLength: 0 }) as unknown as PassingRequest;
  const response = Object.assign(new EventEmitter(), { headersSent: true, writableEnded: true, closed: false }) as unknown as ServerResponse;
  return { socket, request, response };
}

describe("what waits in this process for clients to take it", () => {
  const sweep = (megabytes: readonly number[]) => {
    const passages = new Passages(1_000, () => undefined);
    const clients = megabytes.map((size) => client(size * MEGABYTE));
    for (const { request, response } of clients) passages.add(request, response, () => undefined);
    passages.sweep();
    return clients.map(({ socket }) => socket.destroyed);
  };

  test("is left to them below a hundred and twenty-eight megabytes", () => {
    expect(sweep([60, 60, 8])).toEqual([false, false, false]);
  });

  test("is let go above it, of those first for whom most waits, and of no more than must be", () => {
    expect(sweep([5, 90, 30, 40, 1])).toEqual([false, true, false, false, false]);
    expect(sweep([70, 90, 80, 1])).toEqual([false, true, true, false]);
  });
});
