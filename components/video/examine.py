"""Looks into one media file. Runs inside the limited child process (worker.py), never in the caller's."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from components.video import media
from components.video.limits import Limits
from components.video.passes import RejectedError, Times, check_pixels, decode_all, plain, read_packets
from components.video.result import Probe
from components.video.times import duration_ticks, is_variable, seconds

OUT_OF_ORDER = "timestamps out of order"
NO_HEADER_DURATION = "no duration in the header"


def examine(path: Path, *, quick: bool, limits: Limits) -> Probe:
    """Probe one existing regular file in this process.

    Reads every packet, then (unless `quick`) decodes the first real video stream to its end. The packets come
    first because they are cheap: an over-long or cut-off file is not decoded at all.
    """
    known = Probe(str(path))
    try:
        with media.open_media(path) as container:
            stream = _stream(container, limits)
            context = stream.codec_context
            known = replace(
                known, width=context.width, height=context.height, codec=context.codec.canonical_name
            )
            check_pixels(context.width, context.height, limits)
            packets = read_packets(container, stream, limits)
            known = _with_times(known, packets, stream, limits)
            end_s = max(0.0, seconds(min(packets.pts), media.time_base(stream))) + (known.duration_s or 0.0)
            notes = _header_notes(container, packets, end_s)
        if not quick:
            with media.open_media(path) as container:
                stream = _stream(container, limits)
                decoded = decode_all(container, stream, limits)
                known = _with_times(known, decoded, stream, limits)
                notes += _order_notes(container, decoded.pts)
    except RejectedError as no:
        return replace(known, reason=no.reason, detail=no.detail)
    except MemoryError:
        return replace(known, reason="memory", detail=f"needs more than {limits.memory_mb} MiB")
    except av.error.FFmpegError as error:
        if known.codec is not None:
            return replace(known, reason="undecodable", detail=plain(error))
        return replace(
            known, reason="not_media", detail=f"no media format that is read here ({plain(error)})"
        )
    return replace(known, note="; ".join(notes) or None)


def _stream(container: InputContainer, limits: Limits) -> VideoStream:
    if len(container.streams) > limits.max_streams:
        raise RejectedError(
            "too_many_streams", f"{len(container.streams)} streams, at most {limits.max_streams}"
        )
    stream = media.video_stream(container)
    if stream is None:
        if container.streams.audio:
            raise RejectedError("audio_only", "audio but no video stream (a cover picture is none)")
        raise RejectedError("no_video_stream", f"{len(container.streams)} streams, none of them video")
    if stream.codec_context is None:
        raise RejectedError("unknown_codec", "no decoder for the first video stream")
    return stream


def _with_times(known: Probe, times: Times, stream: VideoStream, limits: Limits) -> Probe:
    pts = sorted(times.pts)
    ticks = duration_ticks(pts, times.last_duration, media.nominal_ticks(stream))
    duration_s = seconds(ticks, media.time_base(stream))
    if duration_s > limits.max_duration_s:  # the last picture's own duration may be what makes it so
        raise RejectedError("too_long", f"{duration_s:g} s, at most {limits.max_duration_s:g} s")
    return replace(
        known,
        duration_s=duration_s,
        frames=len(pts),
        fps=round(len(pts) / duration_s, 6) if duration_s > 0 else 0.0,
        variable_rate=is_variable(pts),
        rotation=times.rotation,
    )


def _header_notes(container: InputContainer, packets: Times, end_s: float) -> list[str]:
    notes = [f"{packets.damaged} damaged packets"] if packets.damaged else []
    if container.duration is None:
        return [*notes, NO_HEADER_DURATION]
    missing = container.duration / av.time_base - end_s
    if missing > 1.0 and not container.streams.audio:  # with sound, the header's duration may be the sound's
        notes.append(f"the header promises {missing:.1f} s more")
    return notes


def _order_notes(container: InputContainer, pts: list[int]) -> list[str]:
    falling = any(b < a for a, b in pairwise(pts))
    notes = [OUT_OF_ORDER] if falling else []
    if len(set(pts)) < len(pts):
        notes.append("several frames share a timestamp")
    if not media.has_presentation_times(container):
        notes.append("the container stores no presentation times")
    return notes
