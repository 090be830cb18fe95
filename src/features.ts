// Importing a feature declares it: entities, relations and actions register themselves.
import "./codes/code-list.js";
import "./audit/audit-event.js";
import "./regions/region.actions.js";
import "./regions/region.reports.js";
import "./coordinate-policies/coordinate-policy.actions.js";
import "./subjects/subject.actions.js";
import "./assessment-methods/assessment-method.actions.js";
import "./risks/risk.actions.js";
import "./assessment/explanation.js";
import "./assessment/assessment.reports.js";
import "./risks/risk.reports.js";
import "./risks/risk.changes.js";
import "./risk-maps/risk-map.reports.js";
import "./risk-maps/risk-near.reports.js";
import "./hidden-dangers/hidden-danger.actions.js";
import "./supervision/regulation.actions.js";
import "./supervision/gap.reports.js";
import "./attachments/attachment.actions.js";
import "./imports/import-batch.js";
import "./ledgers/ledger.reports.js";
import { declareVersions } from "./platform/entity/entity.js";

declareVersions();
