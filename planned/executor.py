"""The execution context for Strawberry: it runs an operation by its plan, or else as graphql-core does."""

from types import CoroutineType
from typing import Any, ClassVar

from graphql import ExecutionResult, GraphQLError

from planned.cache import PlanCache
from planned.running import Running


class PlannedExecution(Running):
    """To be passed to a schema as `execution_context_class`; a subclass may have `plans` of its own."""

    plans: ClassVar[PlanCache] = PlanCache()

    def execute_operation(self, serially: bool | None = None) -> Any:  # noqa: FBT001 - graphql-core's form
        """Execute the operation. `serially` is given for the events of a subscription, which has no plan."""
        plan = self.plans.plan(self) if serially is None else None
        if plan is None:
            return super().execute_operation(serially)
        try:
            data = plan(self, self.root_value, None)
        except GraphQLError as error:
            return self._nothing(error)
        if type(data) is CoroutineType:
            return self._later(data)
        return self.build_response(data)

    async def _later(self, data: Any) -> Any:
        try:
            found = await data
        except GraphQLError as error:
            return self._nothing(error)
        except Exception:
            self.run_async_work_finished_hook()
            raise
        return self.build_response(found)

    def _nothing(self, error: GraphQLError) -> ExecutionResult | Any:
        self.collected_errors.add(error, None)
        return self.build_response(None)
