import { beforeAll, expect, test } from "@jest/globals";
import { setTimeout as pause } from "node:timers/promises";
import { deedsIn, uuidOf, type Acted } from "../support/deeds.js";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const { done, refused, held } = deedsIn(district);
const by = "enterprise";
const KINDS = ["RISK_LIST", "DUTY_LIST", "OPERATION_CARD", "EMERGENCY_CARD"] as const;
const ways = ["compiled", "plain"] as const;
let own: Acted[];
let foreign: Acted;

beforeAll(async () => {
  own = [];
  for (const name of ["冲压", "叉车"]) own.push(await done("riskIdentify", { by, input: { subject: district.sites[0], name } }));
  foreign = await done("riskIdentify", { input: { subject: district.sites[1], name: "别家风险" } });
});

const draft = (kind: string, more: Record<string, unknown> = {}) => ({ by, input: { subject: district.sites[0], post: "冲压工", kind, ...(kind === "RISK_LIST" ? { risks: own.map(({ id }) => id) } : { items: ["一、检查防护罩", "二、双手启动"] }), ...more }, read: "status" });
const through = async (card: Acted, ...mutations: readonly string[]) => {
  let at = card;
  for (const mutation of mutations) at = await done(mutation, { by: mutation === "postCardAccept" ? "street" : by, on: at, read: "status issuedAt acceptedAt onlineEntered" });
  return at;
};
const acceptance = async (asOf = "", way: (typeof ways)[number] = "compiled") => (await district.as("auditor", way).ask(`query${asOf}{postCardAcceptance{sizeClass enterprises withPosts accepted onlineEntered rate}}`)).postCardAcceptance;

test("the two lists and two cards of a post are drafted, issued and accepted; the rate tells it, and nothing where there is none", async () => {
  const none = { withPosts: 0, accepted: 0, onlineEntered: 0 };
  const empty = ["BELOW_DESIGNATED", "MICRO", "SOLE_TRADER"].map((sizeClass) => ({ sizeClass, enterprises: 0, ...none, rate: null }));
  expect(await acceptance()).toEqual([{ sizeClass: "ABOVE_DESIGNATED", enterprises: 2, ...none, rate: "0.0000" }, ...empty]);
  const cards: Acted[] = [];
  for (const kind of KINDS) cards.push(await done("postCardDraft", draft(kind)));
  for (const card of cards.slice(0, 3)) await through(card, "postCardIssue", "postCardAccept", "postCardEnterOnline");
  // Three of four are not the post.
  expect((await acceptance())[0]).toEqual({ sizeClass: "ABOVE_DESIGNATED", enterprises: 2, ...none, withPosts: 1, rate: "0.0000" });
  const last = await through(cards[3]!, "postCardIssue", "postCardAccept");
  expect(last).toMatchObject({ status: "ACCEPTED", issuedAt: expect.any(String), acceptedAt: expect.any(String), onlineEntered: false });
  await pause(5);
  const then = new Date().toISOString();
  for (const way of ways) expect((await acceptance("", way))[0]).toEqual({ sizeClass: "ABOVE_DESIGNATED", enterprises: 2, withPosts: 1, accepted: 1, onlineEntered: 0, rate: "0.5000" });
  // Another post begun at the enterprise: not all of its posts are accepted any more.
  const second = await done("postCardDraft", draft("DUTY_LIST", { post: "叉车工" }));
  for (const way of ways) {
    expect((await acceptance("", way))[0]).toMatchObject({ accepted: 0, rate: "0.0000" });
    expect((await acceptance(` @asOf(recorded:"${then}")`, way))[0]).toMatchObject({ accepted: 1, rate: "0.5000" });
  }
  await done("postCardWithdraw", { by, on: second, input: { reason: "岗位撤并" } });
  await through(last, "postCardEnterOnline");
  expect((await acceptance())[0]).toMatchObject({ accepted: 1, onlineEntered: 1 });
  expect((await district.as("neighbour").ask("{postCardAcceptance{enterprises rate}}")).postCardAcceptance[0]).toEqual({ enterprises: 1, rate: "0.0000" });
});

test("the risks of a post are those of its list, both ways and at any instant; drafts alone are revised", async () => {
  const card = await done("postCardDraft", draft("RISK_LIST", { post: "巡检工" }));
  await pause(5);
  const full = new Date().toISOString();
  await pause(5);
  const revised = await done("postCardRevise", { by, on: card, input: { risks: [own[1]!.id] }, read: "risks(first:5){nodes{name}}" });
  expect(revised["risks"]).toEqual({ nodes: [{ name: "叉车" }] });
  for (const way of ways) {
    const told = async (asOf: string) => (await district.as("auditor", way).ask(`query($c:ID!,$r:ID!)${asOf}{postCard(id:$c){risks(first:5,orderBy:[{field:NAME,direction:ASC}]){nodes{name}}} risk(id:$r){postCards(first:5,filter:{post:{eq:"巡检工"}}){nodes{post kind}}}}`, { c: card.id, r: own[0]!.id })) as unknown;
    expect(await told("")).toEqual({ postCard: { risks: { nodes: [{ name: "叉车" }] } }, risk: { postCards: { nodes: [] } } });
    expect(await told(` @asOf(recorded:"${full}")`)).toEqual({ postCard: { risks: { nodes: [{ name: "冲压" }, { name: "叉车" }] } }, risk: { postCards: { nodes: [{ post: "巡检工", kind: "RISK_LIST" }] } } });
    expect((await district.as("auditor", way).ask(`{risks(first:5,filter:{postCards:{some:{post:{eq:"巡检工"}}}}){nodes{name}}}`)).risks.nodes).toEqual([{ name: "叉车" }]);
  }
  expect(await done("postCardRevise", { by, on: revised, input: { risks: own.map(({ id }) => id) }, read: "risks(first:5){totalCount}" })).toMatchObject({ risks: { totalCount: 2 } });
});

test("a list names risks of its own subject only, and only a risk list does", async () => {
  expect(await refused("postCardDraft", { ...draft("RISK_LIST", { post: "甲", risks: [foreign.id] }), by: "office" })).toMatchObject({ code: "RULE_VIOLATED", rule: "card_risks_of_its_subject" });
  expect(await refused("postCardDraft", draft("RISK_LIST", { post: "甲", risks: [foreign.id] }))).toMatchObject({ code: "NOT_FOUND" });
  expect(await refused("postCardDraft", draft("DUTY_LIST", { post: "甲", risks: [own[0]!.id] }))).toMatchObject({ code: "RULE_VIOLATED", rule: "risks_of_risk_lists" });
  expect(await refused("postCardDraft", draft("DUTY_LIST", { post: "甲", slot: district.slots["RANGER"] }))).toMatchObject({ code: "INVALID_INPUT", field: "input.post" });
  const card = await done("postCardDraft", draft("RISK_LIST", { post: "乙" }));
  expect(await refused("postCardDraft", draft("RISK_LIST", { post: "乙" }))).toMatchObject({ code: "DUPLICATE", rule: "one_card_of_a_kind" });
  await held("card_risks_of_its_subject", "insert into post_card_risks (id, post_card_id, risk_id) values (gen_random_uuid(), $1, $2)", [uuidOf(card.id), uuidOf(foreign.id)]);
  const issued = await through(card, "postCardIssue");
  await held("issued_card_stays", "insert into post_card_risks (id, post_card_id, risk_id) values (gen_random_uuid(), $1, $2)", [uuidOf(card.id), uuidOf(own[0]!.id)]);
  await held("issued_card_stays", "update post_card_risks set dropped_at = now() where post_card_id = $1", [uuidOf(card.id)]);
  await held("issued_card_stays", "update post_cards set content = '另写' where id = $1", [uuidOf(card.id)]);
  expect(await refused("postCardRevise", { by, on: issued, input: { content: "另写" } })).toMatchObject({ code: "INVALID_TRANSITION", state: "ISSUED" });
});

test("an empty card is not issued, who is the enterprise does not accept, and a withdrawn card makes room for another", async () => {
  const empty = await done("postCardDraft", draft("RISK_LIST", { post: "丙", risks: [] }));
  expect(await refused("postCardIssue", { by, on: empty })).toMatchObject({ code: "RULE_VIOLATED", rule: "risk_list_names_risks" });
  expect(await refused("postCardIssue", { by, on: await done("postCardDraft", draft("EMERGENCY_CARD", { post: "丙", items: [] })) })).toMatchObject({ rule: "card_says_something" });
  const card = await through(await done("postCardDraft", draft("OPERATION_CARD", { post: "丙" })), "postCardIssue");
  expect(await refused("postCardAccept", { by, on: card })).toMatchObject({ code: "FORBIDDEN" });
  expect(await refused("postCardAccept", { by: "neighbour", on: card })).toMatchObject({ code: "NOT_FOUND" });
  await held("post_card_transition", "update post_cards set status = 'DRAFT' where id = $1", [uuidOf(card.id)]);
  await held("card_accepted_with_time", "update post_cards set status = 'ACCEPTED' where id = $1", [uuidOf(card.id)]);
  const withdrawn = await done("postCardWithdraw", { by, on: card, input: { reason: "规程更新" }, read: "status withdrawReason allowedActions" });
  expect(withdrawn).toMatchObject({ status: "WITHDRAWN", withdrawReason: "规程更新", allowedActions: [] });
  expect(await done("postCardDraft", draft("OPERATION_CARD", { post: "丙" }))).toMatchObject({ status: "DRAFT" });
});

test("cards attach to the slots of natural-hazard schemes as well, and to no others (F04)", async () => {
  const slot = { post: undefined, slot: district.slots["RANGER"] };
  expect(await done("postCardDraft", { ...draft("DUTY_LIST", slot), read: "post slot{nameZh scheme{code domain}}" })).toMatchObject({ post: null, slot: { nameZh: "护林员", scheme: { code: "FOREST_1_3", domain: "NATURAL_DISASTER" } } });
  expect(await refused("postCardDraft", draft("DUTY_LIST", { post: undefined, slot: district.slots["SECTOR_LEADER"] }))).toMatchObject({ code: "RULE_VIOLATED", rule: "card_slot_of_natural_hazards" });
  expect(await refused("postCardDraft", draft("DUTY_LIST", slot))).toMatchObject({ code: "DUPLICATE" });
});
