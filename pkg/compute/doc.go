// Package compute is a client of the computes of an Azure Machine Learning
// workspace: instances, clusters and attached computes.
//
// It calls the REST API Microsoft.MachineLearningServices/workspaces/computes
// through azcore, in any cloud, at any other ARM endpoint, or in an emulator. It
// adds to the REST operations:
//
//   - every resource keeps the service's JSON beside its fields;
//   - every failure is an *Error with a Kind;
//   - a write whose response was lost is not sent twice if it could have the
//     effect twice;
//   - a token goes only to hosts of the chosen cloud;
//   - one loop waits for any number of computes and reports events.
//
// New returns a Client of one workspace. Get, List and All return a Compute, whose
// Instance, Cluster or Attached has the fields of its type. Create takes a Spec.
// Start, Stop, Restart, Resize, Delete and Detach take names and ActOptions and
// return an Outcome for each name. ChangeSchedules and ChangeIdle return a Change.
// Wait waits for what a verb with NoWait began. KindOf classifies an error;
// errors.As finds the *Error, or the *CheckError with all that is wrong with a
// Spec.
package compute
