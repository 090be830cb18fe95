import { Meter } from "./cpu.js";
import { conditionsOf, prepareDatabase, type Conditions, type Prepared } from "./database.js";
import { Measurer, type Round } from "./measure.js";
import type { Question } from "./question.js";
import type { Options } from "./options.js";
import { GROWTH, questionOf } from "./questions.js";
import { cost, head, median, milliseconds, ratio, table } from "./report.js";
import { say } from "./say.js";
import { fetchData, startThis, type Running } from "./servers.js";

interface Place {
  size: string;
  prepared: Prepared;
  conditions: Conditions;
  running: Running;
  meter: Meter;
}

/** Asks the service alone, one request at a time, over databases of growing size, turn by turn; cost relative to the smallest. */
export async function growth(databases: Options["databases"], { questions, rounds, seconds }: Options): Promise<{ text: string; figures: unknown }> {
  const places: Place[] = [];
  const lines: string[][] = [];
  const figures: Record<string, Record<string, Round[]>> = {};
  try {
    for (const [size, url] of databases) {
      say(`准备 ${size}`, `preparing ${size}`);
      const prepared = await prepareDatabase(url);
      places.push({ size, prepared, conditions: await conditionsOf(url), running: await startThis(url, prepared.dataDir, prepared.caller.key), meter: await new Meter(url).open() });
    }
    const measurer = new Measurer(places[0]!.meter);
    for (const id of GROWTH.filter((one) => questions.includes(one))) {
      const asked = new Map<Place, Question>();
      for (const place of places) {
        const question = await questionOf(id, place.prepared.inputs, place.prepared.caller, (ask) => fetchData(place.running, ask), null);
        if (question) asked.set(place, question);
      }
      const found = new Map<Place, Round[]>(places.map((place) => [place, []]));
      for (let round = 0; round < rounds; round += 1)
        for (const place of round % 2 === 0 ? places : places.toReversed()) {
          const question = asked.get(place);
          if (!question) continue;
          found.get(place)!.push(await measurer.round(place.running, question, { connections: 1, lead: 1, seconds }, place.meter));
          say(`${id} ${place.size} 第 ${round + 1} 轮`, `round ${round + 1}`);
        }
      const smallest = places.find((place) => asked.has(place));
      const shown = (place: Place, value: (round: Round) => number) => `${milliseconds(median(found.get(place)!.map(value)))} (×${ratio(found.get(place)!, found.get(smallest!)!, value).toFixed(2)})`.replaceAll("NaN", "?");
      lines.push([id, ...places.map((place) => (asked.has(place) ? `${shown(place, cost)}; ${shown(place, (round) => round.p50)}` : "—"))]);
      figures[id] = Object.fromEntries(places.map((place) => [place.size, found.get(place)!]));
    }
  } finally {
    for (const place of places) {
      await place.meter.close();
      await place.prepared.close();
    }
  }
  const conditions = [...places[0]!.conditions.machine, ...places.map(({ size, conditions: { data } }) => `${size}: ${data}`), `${rounds} 轮 × ${seconds} 秒,取中位数 / rounds of ${seconds} s, medians`];
  const text = [head(conditions), "### 开销随数据量的增长 / how cost grows", "每次请求的处理器时间(Node + PostgreSQL,毫秒);单连接的中位时延(毫秒);括号内为与最小库之比 / processor time of a request (Node + PostgreSQL, ms); median latency at one connection (ms); in brackets relative to the smallest:", table(["", ...places.map(({ size }) => size)], lines)].join("\n\n");
  return { text, figures };
}
