// The lake and tag frequency as activities: each one call into pipelines/.
import type {
  FrequencyInput,
  FrequencyPlan,
  FrequencyResult,
  LakeRefresh,
  PartCount,
  PartRequest,
  PublishRequest,
  ReportRequest,
} from '../contracts/tag-frequency.ts';
import { countPart } from '../pipelines/frequency/count-part.ts';
import type { FrequencyWorld } from '../pipelines/frequency/ports.ts';
import { prepareFrequency } from '../pipelines/frequency/prepare.ts';
import { publishFrequency } from '../pipelines/frequency/publish.ts';
import { reportFrequency } from '../pipelines/frequency/report-data.ts';
import { bringUpToDate } from '../pipelines/frequency/scrub.ts';
import { asStep } from './step.ts';

export interface FrequencyActivityDeps {
  frequency: FrequencyWorld;
}

export function createFrequencyActivities({ frequency: world }: FrequencyActivityDeps) {
  return {
    async prepareFrequency(input: FrequencyInput, asOfMs: number): Promise<FrequencyPlan> {
      return asStep(() => prepareFrequency(world, input, asOfMs));
    },

    /** Erased people leave the lake and the published results in the same step. */
    async refreshLake(anew: boolean): Promise<LakeRefresh> {
      return asStep((control) => bringUpToDate(world, anew, control));
    },

    async countPart(request: PartRequest): Promise<PartCount> {
      return asStep((control) => countPart(world, request, control));
    },

    async publishFrequency(request: PublishRequest): Promise<FrequencyResult> {
      return asStep((control) => publishFrequency(world, request, control));
    },

    async reportFrequency(request: ReportRequest): Promise<string> {
      return asStep((control) => reportFrequency(world, request, control));
    },
  };
}
