# Runs az. Debian packages it with an SDK in which config has become private, and
# its commands about roles end with a traceback.
import runpy

try:
    from azure.mgmt.authorization.v2018_01_01_preview.operations import RoleDefinitionsOperations
    from azure.mgmt.authorization.v2020_04_01_preview.operations import RoleAssignmentsOperations
    for operations in RoleDefinitionsOperations, RoleAssignmentsOperations:
        if not hasattr(operations, "config"):
            operations.config = property(lambda self: self._config)
except ImportError:
    pass
runpy.run_module("azure.cli", run_name="__main__", alter_sys=True)
