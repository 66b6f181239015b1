/** The case gave no figures: a guest failed or computed something else, or the machine hung. */
export class CaseFailure extends Error {
  override readonly name = "CaseFailure";
}
