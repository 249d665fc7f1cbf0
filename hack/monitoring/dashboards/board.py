"""What dashboards have in common: variables, queries, and three kinds of panels, by Grafana's own builders."""

from __future__ import annotations

from string import ascii_uppercase
from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models import dashboard as grafana
from grafana_foundation_sdk.models.common import LegendDisplayMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grafana_foundation_sdk.builders.dashboard import Dashboard

    from vvol_replication.metrics.catalogue import Metric

_SOURCE = grafana.DataSourceRef("prometheus", "${datasource}")
_TAGS = ["vvol-replication"]
"""By these the dashboards lead to each other."""
SHORT, TALL, WHOLE = 4, 8, 24
"""Heights of panels, and the width of a dashboard, in Grafana's units."""
GROUP = ("namespace", "group")


def best(metric: Metric, by: Sequence[str], selector: str = "") -> str:
    """The value of each object, of whichever replica acts."""
    return f"max by ({', '.join(by)}) ({metric.name}{selector})"


def quantile(part: float, metric: Metric, by: Sequence[str], selector: str, window: str = "") -> str:
    """A quantile of a histogram: within a window, or since the start of each process.

    Where nothing was counted there is no series, instead of a NaN.
    """
    buckets = f"{metric.name}_bucket{selector}"
    counted = f"rate({buckets}[{window}])" if window else buckets
    return f"histogram_quantile({part}, sum by (le, {', '.join(by)}) ({counted})) >= 0"


def board(uid: str, title: str, says: str, *variables: tuple[str, Metric, bool]) -> Dashboard:
    """An empty dashboard. A variable: a label, the metric that has its values, and whether several may be chosen."""
    made = dashboard.Dashboard(title).uid(uid).description(says).tags(_TAGS).readonly()
    made.time("now-6h", "now").refresh("1m").timezone("browser")
    made.link(dashboard.DashboardLink("vVol replication").type(grafana.DashboardLinkType.DASHBOARDS).tags(_TAGS))
    made.with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
    chosen: list[str] = []
    for label, metric, several in variables:
        of = f"{metric.name}{{{', '.join(chosen)}}}" if chosen else metric.name
        variable = dashboard.QueryVariable(label).datasource(_SOURCE).query(f"label_values({of}, {label})")
        variable.refresh(grafana.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(grafana.VariableSort.ALPHABETICAL_ASC)
        if several:
            everything = grafana.VariableOption(text=["All"], value=["$__all"])
            variable.multi(multi=True).include_all(include_all=True).current(everything)
        made.with_variable(variable)
        chosen.append(f'{label}=~"${label}"')
    return made


def number(title: str, expr: str, says: str, *, unit: str = "short", bad: float | None = None) -> stat.Panel:
    """One number; red from `bad` on. Six stand in a row."""
    panel = stat.Panel().title(title).description(says).datasource(_SOURCE).unit(unit)
    panel.height(SHORT).span(WHOLE // 6).no_value("-")
    steps = [grafana.Threshold(color="green"), *([] if bad is None else [grafana.Threshold(value=bad, color="red")])]
    panel.thresholds(dashboard.ThresholdsConfig().mode(grafana.ThresholdsMode.ABSOLUTE).steps(steps))
    return panel.with_target(prometheus.Dataquery().expr(expr).instant().ref_id("A"))


def lines(
    title: str, says: str, *queries: tuple[str, str], unit: str = "short", width: int = WHOLE // 2
) -> timeseries.Panel:
    """Values over time. A query: an expression, and what its lines are called."""
    panel = timeseries.Panel().title(title).description(says).datasource(_SOURCE).unit(unit).min(0)
    panel.height(TALL).span(width).legend(
        common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).show_legend(show_legend=True)
    )
    for ref, (expr, called) in zip(ascii_uppercase, queries, strict=False):
        panel.with_target(prometheus.Dataquery().expr(expr).legend_format(called).range().ref_id(ref))
    return panel


def rows(title: str, says: str, *columns: tuple[str, str, str], width: int = WHOLE, height: int = TALL) -> table.Panel:
    """A table with a row for each object. A column: what it is called, its expression, its unit."""
    panel = table.Panel().title(title).description(says).datasource(_SOURCE).height(height).span(width)
    for ref, (called, expr, unit) in zip(ascii_uppercase, columns, strict=False):
        query = prometheus.Dataquery().expr(expr).instant().format(PromQueryFormat.TABLE).ref_id(ref)
        value = f"Value #{ref}" if len(columns) > 1 else "Value"
        panel.with_target(query)
        panel.override_by_name(
            value, [grafana.DynamicConfigValue("displayName", called), grafana.DynamicConfigValue("unit", unit)]
        )
    panel.with_transformation(grafana.DataTransformerConfig("merge", options={}))
    without_time = {"excludeByName": {"Time": True}}
    return panel.with_transformation(grafana.DataTransformerConfig("organize", options=without_time))
