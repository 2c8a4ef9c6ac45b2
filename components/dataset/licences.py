"""Licences as the hub and SPDX spell them; an unknown word is passed on as a name, never as a known one."""

# https://huggingface.co/docs/hub/repositories-licenses, without `unknown` and `other`, which say nothing.
HUB_WORDS = """
apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0
bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda
cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0
cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0
cc-by-nc-sa-4.0 cdla-sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0
etalab-2.0 eupl-1.1 agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc lppl-1.3c ms-pl mpl-2.0
odc-by odbl openrail++ osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl lgpl-lr deepfloyd-if-license
llama2 gemma
"""
# https://spdx.org/licenses/: those that videos and labels are commonly under.
SPDX_WORDS = """
Apache-2.0 MIT CC0-1.0 CC-BY-2.0 CC-BY-2.5 CC-BY-3.0 CC-BY-4.0 CC-BY-SA-2.0 CC-BY-SA-3.0 CC-BY-SA-4.0
CC-BY-NC-2.0 CC-BY-NC-3.0 CC-BY-NC-4.0 CC-BY-ND-4.0 CC-BY-NC-ND-3.0 CC-BY-NC-ND-4.0 CC-BY-NC-SA-2.0
CC-BY-NC-SA-3.0 CC-BY-NC-SA-4.0 CDLA-Sharing-1.0 CDLA-Permissive-1.0 CDLA-Permissive-2.0 ODC-By-1.0
ODbL-1.0 PDDL-1.0 BSD-2-Clause BSD-3-Clause C-UDA-1.0 Unlicense
"""
HUB = frozenset(HUB_WORDS.split())
SPDX = {name.lower(): name for name in SPDX_WORDS.split()}
UNKNOWN = "unknown"


def hub_header(licences: list[str]) -> dict[str, object]:
    """The licence fields of a card's header.

    One licence the hub knows is named, several it knows are a list. Anything else is `other` with a name and
    a link to the LICENSE.md beside the card.
    """
    known = sorted({name.lower() for name in licences})
    if known and set(known) <= HUB:
        return {"license": known[0] if len(known) == 1 else known}
    return {"license": "other", "license_name": "licence-by-video", "license_link": "LICENSE.md"}


def creative_work(licence: str) -> str | dict[str, str]:
    """A licence in JSON-LD: the SPDX page, a URL as it stands, or a work of that name."""
    if licence.lower() in SPDX:
        return f"https://spdx.org/licenses/{SPDX[licence.lower()]}.html"
    if licence.startswith(("https://", "http://")):
        return licence
    about = "no licence was stated" if licence == UNKNOWN else "as its source states it"
    return {"@type": "sc:CreativeWork", "name": licence, "description": about}
