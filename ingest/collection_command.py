"""`python -m ingest collection`: how the collection on the Qdrant server differs from the settings, in French."""

from rich.console import Console

from ingest.collections import change_live, compare_live
from ingest.errors import ConfigurationError
from ingest.settings import IngestSettings


def print_collection(settings: IngestSettings, console: Console, *, apply: bool) -> int:
    """Say what differs, after having changed what can be when `apply` asks for it; gives 1 while something does.

    Raises:
        ConfigurationError: the settings name no Qdrant server.
        IndexMismatch: the server has no such index.
        SourceUnavailable: it does not answer.
    """
    if settings.qdrant_url is None:
        raise ConfigurationError(
            "Cette commande règle un serveur Qdrant, et FANAL_QDRANT_URL n’en donne pas : l’index embarqué n’a pas ces "
            "réglages."
        )
    if apply:
        change_live(settings)
    differences = compare_live(settings)
    if not differences:
        console.print(f"La collection « {settings.collection} » est comme les réglages le demandent.")
        return 0
    console.print(f"La collection « {settings.collection} » n’est pas comme les réglages le demandent :")
    for one in differences:
        how = " (par « python -m ingest rebuild »)" if one.needs_rebuild else ""
        console.print(f"  {one.name} : {one.found}, à la place de {one.wanted}{how}", soft_wrap=True)
    if not all(one.needs_rebuild for one in differences):
        how = "Pour la changer sans interrompre le service : python -m ingest collection --apply"
        console.print(how, soft_wrap=True)
    return 1
