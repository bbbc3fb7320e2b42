"""An app with a trigger that the local host does not have."""

import azure.functions as func

app = func.FunctionApp()


@app.blob_trigger(arg_name="blob", path="menus/{name}", connection="AzureWebJobsStorage")
def menu_uploaded(blob: func.InputStream) -> None:
    """Never runs."""
