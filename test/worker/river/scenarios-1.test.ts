import { describeScenarios } from "./scenario-tests.ts";

describeScenarios(1, 10);
