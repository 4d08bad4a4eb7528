"""Model name: under which name a model is reported.

Claim: the same model reached through two agents is two things to compare.
Decision: the agent's name stands before the model's, once.
Wrong when: an agent changes the model in mid-session; then one name stands for all of it.
Threshold: none; the form is that of paceflow.
"""

from paceflow_assets.lines import WORDS

UNKNOWN = "(unknown)"


def qualified(provider: str, model: str | None) -> str:
    """`provider/model`. A model that begins with `provider/`, in any ASCII case, stays so; none is `(unknown)`."""
    words = list(WORDS.finditer(model or ""))
    if model is None or not words:
        return f"{provider}/{UNKNOWN}"
    name = model[words[0].start() : words[-1].end()]
    prefix = f"{provider}/"
    if name[: len(prefix)].encode("utf-8", "surrogatepass").lower() == prefix.encode("utf-8", "surrogatepass").lower():
        return name
    return prefix + name
