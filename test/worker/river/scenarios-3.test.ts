import { describeScenarios } from "./scenario-tests.ts";

describeScenarios(21, 99);
