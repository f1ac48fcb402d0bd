"""A speaker that knows Hark by reflection alone.

It has no generated code and no proto file: it asks the server what it offers, builds the
messages from the descriptors it is given, streams a WAV as a speaker would, and prints
what came of it as JSON. That is what any gRPC tool on the market does, so this is the
test that they can.

    client.py ADDRESS list
    client.py ADDRESS say FILE.wav --language de [--area flur] [--expect-on light.hallway]

Exit status: 0 done, 1 anything else; the last line on stderr says what was wrong.
"""

import argparse
import base64
import json
import os
import sys
import time
import uuid
import wave

import grpc
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

CHUNK_MS = 100
DEADLINE_S = 60
SERVICES = {
    "grpc.health.v1.Health",
    "hark.v1.Cluster",
    "hark.v1.Home",
    "hark.v1.Recognizer",
    "hark.v1.Speakers",
    "hark.v1.Speech",
}


class Failed(Exception):
    """What was expected did not happen."""


class Server:
    """A server, known by what it says about itself."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        grpc.channel_ready_future(self.channel).result(timeout=DEADLINE_S)
        self.database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = DescriptorPool(self.database)

    def services(self):
        """The full names of its services, sorted."""
        return sorted(self.database.get_services())

    def call(self, service, method, requests):
        """Calls a method: a dict gives one request, an iterable of dicts a stream."""
        found = self.pool.FindServiceByName(service).methods_by_name[method]
        request = message_factory.GetMessageClass(found.input_type)
        response = message_factory.GetMessageClass(found.output_type)
        streams = not isinstance(requests, dict)
        open_call = self.channel.stream_stream if streams else self.channel.unary_unary
        call = open_call(
            f"/{service}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response.FromString,
        )
        if streams:
            messages = (json_format.ParseDict(r, request()) for r in requests)
            return (as_dict(a) for a in call(messages, timeout=DEADLINE_S))
        return as_dict(call(json_format.ParseDict(requests, request()), timeout=DEADLINE_S))


def as_dict(message):
    """A message with the names that the proto files use."""
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def speak(path, language, area):
    """What a speaker sends: the config, then 100 ms of audio at a time, at its own pace."""
    with wave.open(path, "rb") as clip:
        if clip.getsampwidth() != 2:
            raise Failed(f"{path}: {8 * clip.getsampwidth()}-bit samples; this client sends 16-bit")
        rate, channels = clip.getframerate(), clip.getnchannels()
        audio = clip.readframes(clip.getnframes())
    config = {
        "session_id": uuid7(),
        "speaker_id": "generic-client",
        "format": {
            "encoding": "ENCODING_LINEAR16",
            "sample_rate_hz": rate,
            "channels": channels,
        },
        "languages": [language],
        "single_utterance": True,
    }
    if area:
        config["area"] = area
    yield {"config": config}

    # Afterwards the room is silent, and the speaker goes on sending what it hears.
    audio += bytes(2 * channels * rate * 3)
    frame = 2 * channels
    step = rate * CHUNK_MS // 1000 * frame
    for sequence, at in enumerate(range(0, len(audio), step)):
        # Protobuf's JSON has bytes as base64.
        encoded = base64.b64encode(audio[at : at + step]).decode("ascii")
        chunk = {"sequence": sequence, "offset_samples": at // frame, "data": encoded}
        yield {"audio": chunk}
        time.sleep(CHUNK_MS / 1000)


def uuid7():
    """A UUID version 7 (RFC 9562), which Python has only from 3.14 on."""
    value = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def say(server, path, language, area):
    """Speaks a clip, and gives the words and what came of them."""
    words = None
    answers = server.call("hark.v1.Speech", "StreamingRecognize", speak(path, language, area))
    for answer in answers:
        result = answer.get("result", {})
        if result.get("is_final"):
            words = result["alternatives"][0]["transcript"]
        if "outcome" in answer:
            return words, answer["outcome"]["outcome"]
    raise Failed(f"the stream ended without an outcome; heard: {words!r}")


def device(server, wanted):
    """One device with its state."""
    page = server.call("hark.v1.Home", "ListDevices", {"page_size": 500})
    for found in page["devices"]:
        if found["id"] == wanted:
            return found
    raise Failed(f"no device {wanted}; there are: {[d['id'] for d in page['devices']]}")


def check_services(server):
    """That everything public is there, is healthy, and nothing internal is offered."""
    names = server.services()
    missing = SERVICES - set(names)
    if missing:
        raise Failed(f"reflection does not list {sorted(missing)}; it lists {names}")
    internal = [name for name in names if name.startswith("hark.internal.")]
    if internal:
        raise Failed(f"the public address offers {internal}")
    health = server.call("grpc.health.v1.Health", "Check", {"service": "hark.v1.Speech"})
    if health.get("status") != "SERVING":
        raise Failed(f"hark.v1.Speech is not serving: {health}")
    return names


def check_say(server, options):
    """That a clip does what it says."""
    if options.expect_on and device(server, options.expect_on)["state"].get("on"):
        raise Failed(f"{options.expect_on} is on before anything was said")
    words, outcome = say(server, options.clip, options.language, options.area)
    if outcome["outcome"] != "OUTCOME_DONE":
        raise Failed(f"heard {words!r}: {json.dumps(outcome, ensure_ascii=False)}")
    if options.expect_on and not device(server, options.expect_on)["state"].get("on"):
        raise Failed(f"heard {words!r}, but {options.expect_on} is not on")
    return {"transcript": words, **outcome}


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", help="host:port")
    tasks = parser.add_subparsers(dest="task", required=True)
    tasks.add_parser("list", help="check and list the services")
    clip = tasks.add_parser("say", help="speak a clip")
    clip.add_argument("clip", help="a WAV of 16-bit samples")
    clip.add_argument("--language", default="de", help="what is spoken, BCP-47")
    clip.add_argument("--area", help="where the speaker stands")
    clip.add_argument("--expect-on", metavar="DEVICE", help="off before, on after")
    return parser.parse_args()


def main():
    """Does what the command line says."""
    options = arguments()
    try:
        server = Server(options.address)
        done = check_services(server) if options.task == "list" else check_say(server, options)
    except (Failed, grpc.RpcError, grpc.FutureTimeoutError, OSError) as error:
        sys.exit(f"error: {error!r}" if not isinstance(error, Failed) else f"error: {error}")
    print(json.dumps(done, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
