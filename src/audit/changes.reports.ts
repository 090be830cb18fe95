import { HiddenDanger } from "../hidden-dangers/hidden-danger.js";
import { LINE_OF_SUPERVISION } from "../people/person.js";
import { reportChanges } from "../platform/read/changes.js";
import { RiskZone } from "../risk-zones/risk-zone.js";
import { PostCard } from "../post-cards/post-card.js";
import { ReviewRound } from "../review-rounds/review-round.js";
import { ControlMeasure } from "../control-measures/control-measure.js";
import { RiskObject } from "../risk-objects/risk-object.js";
import { Enterprise, Subject } from "../subjects/subject.js";
import { RegulationRelation, RegulatorAssignment } from "../supervision/regulation.js";

/** What is compared between two instants, field by field; by whom is told to those who see personal data. */
for (const entity of [Subject, Enterprise, RegulationRelation, RegulatorAssignment, RiskObject, ControlMeasure, HiddenDanger, PostCard, RiskZone, ReviewRound]) reportChanges(entity, LINE_OF_SUPERVISION);
