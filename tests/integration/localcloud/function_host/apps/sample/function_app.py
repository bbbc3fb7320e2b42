"""One function of each kind; they tell the test's recorder what they got, and do what it answers."""

import asyncio
import logging
import os
from http import HTTPStatus
from typing import List  # noqa: UP035 - the worker library refuses list[str] in Out

import aiohttp
import azure.functions as func
from fastapi import FastAPI, Request, Response

api = FastAPI()
app = func.AsgiFunctionApp(app=api, http_auth_level=func.AuthLevel.ANONYMOUS, function_name="api")
meetings: dict[int, asyncio.Barrier] = {}


async def _tell(function: str, **facts: object) -> None:
    """Report to the recorder; a 500 from there fails the function."""
    url = f"{os.environ['RECORDER']}/{function}"
    async with aiohttp.ClientSession() as session, session.post(url, json=facts) as answer:
        if answer.status != HTTPStatus.OK:
            raise RuntimeError("told to fail")


@api.api_route("/api/echo", methods=["GET", "POST", "QUERY"])
async def echo(request: Request) -> dict[str, object]:
    """What arrived."""
    return {
        "method": request.method,
        "path": request.url.path,
        "query": request.url.query,
        "x_repeated": request.headers.get("x-repeated"),
        "body": (await request.body()).hex(),
    }


@api.get("/api/cookies")
async def cookies() -> Response:
    """Two cookies and a header."""
    response = Response(b"ok", media_type="text/plain", headers={"X-Own": "yes"})
    response.set_cookie("a", "1")
    response.set_cookie("b", "2", httponly=True)
    return response


@api.post("/api/size")
async def size(request: Request) -> int:
    """How many bytes arrived."""
    return len(await request.body())


@api.get("/api/fails")
async def fails() -> None:
    """Raise."""
    raise RuntimeError("as asked")


@api.get("/api/logs")
async def logs() -> None:
    """Log one line."""
    logging.getLogger("sample").info("a line of the app")


@api.get("/api/slow")
async def slow() -> None:
    """Take as long as the recorder takes."""
    await _tell("slow")


@api.get("/api/meet")
async def meet(guests: int) -> int:
    """Answer once that many are here; each with its own place among them."""
    meetings.setdefault(guests, asyncio.Barrier(guests))
    return await meetings[guests].wait()


@api.get("/api/guests")
async def guests() -> int:
    """How many wait for others."""
    return sum(meeting.n_waiting for meeting in meetings.values())


@app.route("items/{id:int}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def item(req: func.HttpRequest) -> func.HttpResponse:
    """More specific than the catch-all, and not async."""
    return func.HttpResponse(req.route_params["id"])


@app.route("send", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@app.queue_output(arg_name="$return", queue_name="%RESULT_QUEUE%", connection="MUNERIS_STORAGE")
def send(req: func.HttpRequest) -> str:
    """Send what was posted."""
    return req.get_body().decode()


@app.route("send-many", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@app.queue_output(arg_name="out", queue_name="%RESULT_QUEUE%", connection="MUNERIS_STORAGE")
def send_many(req: func.HttpRequest, out: func.Out[List[str]]) -> func.HttpResponse:  # noqa: UP006 - as above
    """Send each word that was posted."""
    out.set(req.get_body().decode().split())
    return func.HttpResponse(status_code=202)


@app.queue_trigger(arg_name="msg", queue_name="%WORK_QUEUE%", connection="MUNERIS_STORAGE")
@app.queue_output(arg_name="out", queue_name="%RESULT_QUEUE%", connection="MUNERIS_STORAGE")
async def work(msg: func.QueueMessage, out: func.Out[str]) -> None:
    """Pass a message on in upper case."""
    body = msg.get_body().decode()
    inserted = msg.insertion_time
    await _tell("work", body=body, attempt=msg.dequeue_count, inserted=inserted and inserted.isoformat())
    out.set(body.upper())


@app.timer_trigger(arg_name="timer", schedule="%TICK_SCHEDULE%", run_on_startup=False)
async def tick(timer: func.TimerRequest) -> None:
    """Report each run."""
    await _tell("tick", past_due=timer.past_due, host=os.environ["HOST_NAME"])
