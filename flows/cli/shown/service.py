"""What `palate up` prints."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape

from flows.service.state import Installation, Role, folder, names_server

terminal = Console(stderr=True, highlight=False)
console = Console(highlight=False, soft_wrap=True)


def show_up(home: Path, state: Installation, started: list[Role]) -> None:
    """Print where the server is, and what to do next."""
    what = f"Started {', '.join(started)}." if started else "It is up already."
    console.print(f"[bold]{what}[/] The flows of deployments/prefect.yaml are deployed.")
    console.print(f"  look       {state.url.removesuffix('/api')}")
    if not names_server(state):
        console.print(f"  first      export PREFECT_API_URL={state.url}")
    console.print("  a night    prefect deployment run 'nightly/nightly' --watch")
    console.print(
        "  another    prefect deployment run 'nightly/nightly' --param 'settings={\"top\": 5}'",
        markup=False,
    )
    console.print(f"  logs       {escape(str(folder(home)))}/*.log")
    console.print("  stop       palate down")
