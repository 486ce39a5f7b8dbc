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
package compute
