import type { MigrationInterface, QueryRunner } from "typeorm";
import { elevations, highest, leave, leaveInvariants, stops } from "./levels-by-leave.js";
import { roundInvariants, rounds, rules } from "./review-rounds.js";

/** Review rounds with what they decide; by what leave a level is lowered, a risk approved, retired, laid aside or raised for a time. */
export class ReviewRounds1700000000009 implements MigrationInterface {
  name = "ReviewRounds1700000000009";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(rules);
    await runner.query(rounds);
    await runner.query(roundInvariants);
    await runner.query(leave);
    await runner.query(leaveInvariants);
    await runner.query(elevations);
    await runner.query(stops);
    await runner.query(highest);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger level_told on risks; drop trigger major_argued on risks; drop trigger retirement_argued on risks; drop trigger stop_confirmed on risks;
      drop trigger lowering_argued on risk_level_changes; drop trigger level_told on risk_level_changes;
      drop function risk_level_told(), major_is_argued(), retirement_is_argued(), lowering_is_argued(), stop_is_confirmed();
      drop index risks_highest_by_region, subjects_by_grid, subjects_history_by_grid, level_change_by_decision, risks_by_retire_decision;
      alter table risk_level_changes drop constraint level_change_names_its_round;
      select drop_tracked_column('risk_level_changes', c) from unnest(array['reassess_trigger', 'approved_by', 'approved_by_id', 'round_id', 'decision_id']) c;
      alter table risks drop constraint review_has_trigger;
      select drop_tracked_column('risks', c) from unnest(array['reassess_trigger', 'retire_decision_id']) c;
    `);
    for (const table of ["stop_records", "temporary_risk_elevations", "risk_evidence", "review_round_documents", "review_round_bases", "review_round_decisions", "review_round_participants", "risk_review_rounds", "review_round_rules", "review_round_quorums"]) await runner.query(`select untrack('${table}'); drop table ${table} cascade`);
    await runner.query("drop function review_round_moves(), review_round_open(), review_round_expert(), review_round_decides(), review_round_cites(), review_round_gates(), elevation_is_decided(), stop_record_keeps(), level_rank(text); drop sequence review_round_numbers");
  }
}
