// Importing a feature declares it: entities, relations and actions register themselves.
import "./codes/code-list.js";
import "./audit/audit-event.js";
import "./audit/record.reports.js";
import "./subjects/subject.actions.js";
import "./risks/risk.actions.js";
import "./risks/risk.reports.js";
import "./risks/risk.changes.js";
import "./hidden-dangers/hidden-danger.actions.js";
import "./supervision/regulation.actions.js";
import "./supervision/gap.reports.js";
import "./attachments/attachment.actions.js";
import "./imports/import-batch.js";
import { declareVersions } from "./platform/entity/entity.js";

declareVersions();
