import { describeScenarios } from "./scenario-tests.ts";

describeScenarios(11, 20);
