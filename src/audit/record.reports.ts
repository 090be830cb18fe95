import { date, dateTime } from "../platform/entity/fields.js";
import { report } from "../platform/entity/report.js";

/** How far back the record goes: from here on any instant can be asked for. */
report({
  name: "recordExtent",
  zh: "记录的时间范围:自此时点起可回看",
  en: "how far back the record goes: instants from here on can be asked for",
  args: {},
  single: true,
  cost: 1,
  fields: {
    recordedFrom: dateTime("最早的记录时间;尚无记录为空", "the first instant recorded; null while nothing is", { nullable: true }),
    storyLastDay: date("演示故事的最后一天;非演示库为空", "last day of the demo's story; null outside demo databases", { nullable: true }),
  },
  sql: () => "select (select min(at) from audit_events) as recorded_from, (select story_last_day from system_settings) as story_last_day",
});
