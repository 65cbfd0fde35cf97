import { ConstraintSystem } from "./constraint-system.ts";
import type { ProofForm } from "./proof-form.ts";
import { PUBLIC_INPUTS } from "./statement.ts";

/** The circuit of a model, and the form of its proofs. */
export class ModelCircuit extends ConstraintSystem {
  readonly form: ProofForm;

  constructor(form: ProofForm) {
    super(PUBLIC_INPUTS.length);
    this.form = form;
  }
}
