"""Several processes of one region: what is stored, said and in Simphony is everybody's."""

from tests.ordering import OrderingRegion

from muneris.cloud.tables import Table


def beside(region: OrderingRegion, *tables: Table) -> OrderingRegion:
    """Another process of the same region, over its tables or over its own way to them."""
    shared = (region.orders.table, region.agenda_table.table, region.stock.table)
    other = OrderingRegion(*(tables or shared))
    other.clock, other.bus, other.pos = region.clock, region.bus, region.pos
    other.directory, other.settings, other.documents = region.directory, region.settings, region.documents
    other.properties, other.menus, other.recipes = region.properties, region.menus, region.recipes
    other.availability = region.availability
    other.restart()
    return other
