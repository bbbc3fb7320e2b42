"""The Functions entry: an app's HTTP behind the guard; its other triggers are added to the same object."""

import azure.functions as func
from fastapi import FastAPI

from muneris.cloud.http.guard import Guard


def functions_app(api: FastAPI, region: str) -> func.AsgiFunctionApp:
    """The Functions app that serves an API on every path. Who may call is the API's own business."""
    return func.AsgiFunctionApp(
        app=Guard(api, region), http_auth_level=func.AuthLevel.ANONYMOUS, function_name="http"
    )
