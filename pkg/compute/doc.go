// Package compute is a typed client of the computes of an Azure Machine
// Learning workspace: compute instances, clusters and attached targets.
//
// It speaks the ARM REST API Microsoft.MachineLearningServices/workspaces/computes
// through azcore's ARM pipeline, to Azure in any cloud, to any other ARM
// endpoint, or to an emulator: it does not know which.
//
// What it adds to the REST operations:
//
//   - every resource keeps the service's own JSON beside its typed view, so
//     that nothing the service sends is lost and no surprise in one field
//     hides the others;
//   - every failure, whatever its shape on the wire, is one *Error with a Kind;
//   - a write whose answer was lost is never sent again blindly;
//   - a token goes only to hosts of the chosen cloud;
//   - waiting is one loop for any number of computes, reported as events.
//
// New makes a Client of one workspace. Get, List and All return a Compute, whose
// Instance, Cluster or Attached says what its type adds. Create takes a Spec; the
// verbs Start, Stop, Restart, Resize, Delete and Detach take names and ActOptions,
// and return an Outcome for each name: the Compute as last read, the Operation that
// the service accepted, or an error. ChangeSchedules and ChangeIdle return a
// Change. Wait takes up what a verb with NoWait began. KindOf says what an error
// means; errors.As finds the *Error with the service's words, or the *CheckError
// with all that is wrong with a Spec.
package compute
