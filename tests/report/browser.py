"""A headless Chromium, driven over the pipe of its DevTools protocol: Python's own library is enough."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

# What Chromium advises for speed, about the canvas that plotly.js measures text on; it reports no fault.
ADVICE = "Canvas2D: Multiple readback operations"


def find_chromium():
    """The program's path, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"):
        if path := shutil.which(name):
            return path
    return None


class Page:
    """One page. Collects what a test must know: `requests` (every address asked for), `problems` (exceptions and console messages
    of the levels error and warning)."""

    def __init__(self, program, webgl=True):
        self.requests, self.problems, self._answers, self._buffer, self._last = [], [], {}, b"", 0
        self._profile = tempfile.TemporaryDirectory(prefix="sparcell_browser_", ignore_cleanup_errors=True)
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()

        def as_descriptors_3_and_4():  # where Chromium expects them
            high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (to_browser, from_browser)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-extensions",
            "--disable-background-networking",
            "--disable-component-update",
            "--force-color-profile=srgb",
            "--hide-scrollbars",
            f"--user-data-dir={self._profile.name}",
            "--remote-debugging-pipe",
        ]
        arguments += (
            ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
            if webgl
            else ["--disable-gpu", "--disable-3d-apis"]
        )
        self._browser = subprocess.Popen(
            [program, *arguments, "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=as_descriptors_3_and_4,
        )
        os.close(to_browser)
        os.close(from_browser)
        targets = self._send("Target.getTargets")["targetInfos"]
        target = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = None
        self._session = self._send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._send("Browser.close")
            self._browser.wait(10)
        except (OSError, TimeoutError, subprocess.TimeoutExpired):
            self._browser.kill()
            self._browser.wait()
        os.close(self._write)
        os.close(self._read)
        self._profile.cleanup()

    def send(self, method, **parameters):
        """The answer of the page to a command of the protocol."""
        return self._send(method, session=self._session, **parameters)

    def evaluate(self, script):
        """The value of an expression in the page; a promise is waited for."""
        answer = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_for(self, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not self.evaluate(condition):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the page did not come to `{condition}` in {seconds} s")
            time.sleep(0.05)

    def size(self, width, height, phone=False):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)

    def prefer(self, scheme, medium=""):
        """`scheme` is light or dark; `medium` screen or print."""
        self.send(
            "Emulation.setEmulatedMedia", media=medium, features=[{"name": "prefers-color-scheme", "value": scheme}]
        )

    def save_downloads(self, folder):
        self._send("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def open(self, address):
        self.requests.clear()
        self.problems.clear()
        self.send("Page.navigate", url=address)
        self.wait_for(f"location.href === {json.dumps(address)} && document.readyState === 'complete'")

    def press(self, key, code=0, text=None, modifiers=0):
        shared = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        self.send("Input.dispatchKeyEvent", type="keyDown", **shared, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", **shared)

    def screenshot(self, path, clip=None):
        """The whole page, or the part {x, y, width, height} of it."""
        more = {"clip": {**clip, "scale": 1}} if clip else {}
        picture = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True, **more)
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture["data"]))

    def _send(self, method, session=None, **parameters):
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        packed = json.dumps(message).encode() + b"\0"
        while packed:
            packed = packed[os.write(self._write, packed) :]
        return self._answer(self._last)

    def _answer(self, number):
        deadline = time.monotonic() + 600  # a machine that does much else
        while number not in self._answers:
            if not select.select([self._read], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError("Chromium does not answer")
            received = os.read(self._read, 1 << 16)
            if not received:
                raise OSError("Chromium ended")
            *messages, self._buffer = (self._buffer + received).split(b"\0")
            for message in messages:
                self._take(json.loads(message))
        answer = self._answers.pop(number)
        if "error" in answer:
            raise RuntimeError(answer["error"]["message"])
        return answer["result"]

    def _take(self, message):
        if "id" in message:
            self._answers[message["id"]] = message
            return
        event, details = message["method"], message["params"]
        if event == "Network.requestWillBeSent":
            self.requests.append(details["request"]["url"])
        elif event == "Runtime.exceptionThrown":
            self.problems.append(
                details["exceptionDetails"].get("exception", {}).get("description", details["exceptionDetails"]["text"])
            )
        elif event == "Runtime.consoleAPICalled" and details["type"] in ("error", "warning", "assert"):
            self.problems.append(" ".join(str(argument.get("value", argument)) for argument in details["args"]))
        elif event == "Log.entryAdded" and details["entry"]["level"] in ("error", "warning"):
            if not details["entry"]["text"].startswith(ADVICE):
                self.problems.append(details["entry"]["text"])
