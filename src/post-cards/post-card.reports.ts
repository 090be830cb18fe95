import { decimal, int, oneOf } from "../platform/entity/fields.js";
import { report } from "../platform/entity/report.js";
import { Enterprise, sizeClass, Subject } from "../subjects/subject.js";
import { PostCard, postCardKind } from "./post-card.js";

/**
 * CARD_RATE 两单两卡验收率 (domain F02, 3.7): enterprises all of whose posts have all four accepted, among enterprises with a subject in
 * the register, by class of size. Cards of role slots are no enterprise's posts. Null where there is no enterprise: no data is not 100 %.
 */
report({
  name: "postCardAcceptance",
  zh: "两单两卡验收率,按企业规模(按所取时点):全部岗位四项均已验收的企业数 / 在册企业数,分母为零则为空",
  en: "acceptance of post cards by size of enterprise at the instant asked for: enterprises all of whose posts have all four accepted, among those with an active subject; null where there is none",
  args: { filter: { zh: "企业范围", en: "which enterprises", filterOf: () => Enterprise } },
  cost: 300,
  fields: {
    sizeClass: oneOf(sizeClass, "规模;未登记规模者为空", "size; null where none is recorded", { nullable: true }),
    enterprises: int("在册企业数", "enterprises with an active subject"),
    withPosts: int("其中已建岗位两单两卡的", "of them, with a card of any post"),
    accepted: int("其中全部岗位均已验收的", "of them, with all posts accepted"),
    onlineEntered: int("其中全部岗位均已验收并线上入网的", "of them, with all posts accepted and entered online"),
    rate: decimal("验收率,0 至 1,四位小数;无企业则为空", "rate, 0 to 1, four decimals; null where there is no enterprise", { nullable: true }),
  },
  sql: (asked, read) => {
    const enterprise = read.alias();
    const subject = read.alias();
    const card = read.alias();
    const kinds = postCardKind.values.length;
    const posts = `
      select ${subject}.enterprise_id, count(distinct ${card}.kind) filter (where ${card}.status = 'ACCEPTED') = ${kinds} as accepted,
        count(distinct ${card}.kind) filter (where ${card}.status = 'ACCEPTED' and ${card}.online_entered) = ${kinds} as online
      from ${read.source(PostCard, card)} join ${read.source(Subject, subject)} on ${subject}.id = ${card}.subject_id
      where ${card}.status <> 'WITHDRAWN' and ${card}.post is not null and ${subject}.enterprise_id is not null and ${subject}.status = 'ACTIVE' and ${read.scope(Subject, subject)}
      group by ${subject}.enterprise_id, ${subject}.id, ${card}.post`;
    const known = `
      select ${enterprise}.id, ${enterprise}.size_class from ${read.source(Enterprise, enterprise)}
      where ${read.scope(Enterprise, enterprise)} and ${asked.filter("filter", Enterprise, enterprise)}
        and exists (select 1 from ${read.source(Subject, subject)} where ${subject}.enterprise_id = ${enterprise}.id and ${subject}.status = 'ACTIVE' and ${read.scope(Subject, subject)})`;
    const classes = `array[${sizeClass.values.map((value) => `'${value}'`).join(", ")}]`;
    return `
      select c.size_class, count(k.id)::integer as enterprises, count(p.enterprise_id)::integer as with_posts,
        count(*) filter (where p.accepted)::integer as accepted, count(*) filter (where p.online)::integer as online_entered,
        round(count(*) filter (where p.accepted)::numeric / nullif(count(k.id), 0), 4) as rate
      from (select unnest(${classes}) as size_class union all select null) c
      left join (${known}) k on k.size_class is not distinct from c.size_class
      left join (select enterprise_id, bool_and(accepted) as accepted, bool_and(online) as online from (${posts}) one group by enterprise_id) p on p.enterprise_id = k.id
      group by c.size_class having c.size_class is not null or count(k.id) > 0
      order by array_position(${classes}, c.size_class) nulls last`;
  },
});
