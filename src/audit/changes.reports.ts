import { HiddenDanger } from "../hidden-dangers/hidden-danger.js";
import { seesPersonal } from "../people/person.js";
import { reportChanges } from "../platform/read/changes.js";
import { ControlMeasure, RiskObject } from "../risks/risk.js";
import { Enterprise, Subject } from "../subjects/subject.js";
import { RegulationRelation, RegulatorAssignment } from "../supervision/regulation.js";

/** What is compared between two instants, field by field; by whom is told to those who see personal data. */
for (const entity of [Subject, Enterprise, RegulationRelation, RegulatorAssignment, RiskObject, ControlMeasure, HiddenDanger]) reportChanges(entity, seesPersonal);
