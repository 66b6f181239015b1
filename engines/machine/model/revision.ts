/** Raised whenever a rule of the model changes what a run gives: results say by which rules they were made. */
export const MODEL_REVISION = "model-1";
