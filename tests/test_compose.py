"""compose.yaml and the images: valid by the Compose Specification, hardened, in step with the settings of the code."""

import importlib.resources
import json
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from cryptography.fernet import Fernet
from pydantic import ValidationError

from ingest.settings import ROOT
from server.settings import PLACEHOLDER, ServerSettings
from ui.settings import UiSettings

INFRA = ROOT / "infra"
COMPOSE: dict[str, Any] = yaml.safe_load((INFRA / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = (INFRA / ".env.example").read_text("utf-8")
DOCKERFILE = (INFRA / "docker" / "Dockerfile").read_text("utf-8")

SETTINGS = {
    "server": {f"FANAL_{name.upper()}" for name in ServerSettings.model_fields} | {"FANAL_SECRETS_DIR"},
    "ui": {f"FANAL_{name.upper()}" for name in UiSettings.model_fields} | {"FANAL_SECRETS_DIR"},
}

each = pytest.mark.parametrize("name", sorted(SERVICES))


def written() -> dict[str, str]:
    """Give the variables of .env.example, those in comment included."""
    return dict(re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE, re.MULTILINE))


def active() -> dict[str, str]:
    return dict(re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE, re.MULTILINE))


def test_it_is_valid_by_the_compose_specification() -> None:
    place = importlib.resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(place.read_text("utf-8"))
    without_extensions = {key: value for key, value in COMPOSE.items() if not key.startswith("x-")}
    jsonschema.validators.validator_for(schema)(schema).validate(without_extensions)


def test_every_service_of_an_installation_is_there_by_profile() -> None:
    by_profile = {
        profile: {name for name, service in SERVICES.items() if profile in service["profiles"]}
        for profile in ("cpu", "gpu")
    }
    common = {"proxy", "ui", "server", "qdrant", "postgres"}
    assert by_profile == {"cpu": common, "gpu": common | {"vllm", "embeddings", "reranker"}}


@each
def test_a_service_may_do_no_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & service.keys()
    user = str(service["user"])
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), "a number, and not root's"
    assert service["tmpfs"]


@each
def test_a_service_is_watched_and_bounded(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] == "unless-stopped"
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}
    assert service["logging"]["options"]["max-size"]


@each
def test_an_image_is_pinned_by_its_version(name: str) -> None:
    image = SERVICES[name]["image"]
    assert re.search(r":(v?\d+\.\d+[\w.-]*|\$\{FANAL_VERSION\})(@sha256:[0-9a-f]{64})?$", image), image


def test_the_proxy_alone_publishes_ports() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]


def test_stores_and_models_reach_nothing_outside() -> None:
    assert {name for name, network in COMPOSE["networks"].items() if (network or {}).get("internal")} == {
        "app",
        "data",
        "model",
    }
    for name in ("qdrant", "postgres", "vllm", "embeddings", "reranker"):
        assert set(SERVICES[name]["networks"]) <= {"data", "model"}


def test_cards_are_reserved_for_the_models_alone() -> None:
    reserved = {
        name: service["deploy"]["resources"].get("reservations", {}).get("devices")
        for name, service in SERVICES.items()
    }
    assert {name for name, devices in reserved.items() if devices} == {"vllm", "embeddings", "reranker"}
    assert all(devices[0]["capabilities"] == ["gpu"] for devices in reserved.values() if devices)


def test_the_example_says_every_variable_that_compose_reads_and_no_other() -> None:
    text = (INFRA / "compose.yaml").read_text("utf-8")
    read = set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", text)) | {"COMPOSE_PROFILES"}
    passed = {
        variable
        for service in SERVICES.values()
        for variable, value in service["environment"].items()
        if value is None
    }
    assert read | passed == written().keys()
    without_default = set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)\}", text))
    assert without_default <= active().keys()


@pytest.mark.parametrize("name", ["server", "ui"])
def test_every_setting_given_exists_in_the_code(name: str) -> None:
    given = {variable for variable in SERVICES[name]["environment"] if variable.startswith("FANAL_")}
    secrets = {secret.upper() for secret in SERVICES[name]["secrets"]}
    assert (given | secrets) - SETTINGS[name] == set()


def test_the_models_start_with_the_arguments_of_their_class_of_card() -> None:
    command = [sys.executable, "infra/vllm_settings.py", "infra/vllm/24gb.toml"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    wanted = [
        re.sub(r" --host \S+ --port \d+", "", line.partition(".api_server ")[2])
        for line in printed.splitlines()
        if ".api_server " in line
    ]
    assert [value for name, value in active().items() if name.endswith("_ARGUMENTS")] == wanted
    unit = (INFRA / "systemd" / "vllm.env").read_text("utf-8")
    assert f"VLLM_ARGUMENTS={wanted[0]}\n" in unit
    names = [re.findall(r"--served-model-name (\S+)", arguments)[0] for arguments in wanted]
    asked = [written()[f"FANAL_{part}"] for part in ("MODEL_NAME", "EMBEDDER_MODEL", "RERANK_MODEL")]
    assert names == asked


def test_every_secret_comes_from_a_file_and_is_used() -> None:
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == COMPOSE["secrets"].keys()
    assert all(secret.keys() == {"file"} for secret in COMPOSE["secrets"].values())
    assert not re.search(r"(KEY|SECRET|PASSWORD)=", EXAMPLE)


def test_the_secrets_that_compose_names_are_those_that_are_made(tmp_path: Path) -> None:
    command = [sys.executable, INFRA / "make_secrets.py", tmp_path / "secrets"]
    first = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    made = {path.name: path.read_text("utf-8").strip() for path in (tmp_path / "secrets").iterdir()}
    files = {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    assert files - made.keys() == {"proxy_certificate", "proxy_certificate_key"}
    assert made.keys() <= files
    assert not any(stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (tmp_path / "secrets").iterdir())
    Fernet(made["fanal_drafts_key"])
    assert made["postgres_password"] in made["fanal_database_url"]
    assert not [name for name, secret in made.items() if secret != PLACEHOLDER and secret in first]
    again = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "écrit" not in again
    assert "fanal_oidc_client_secret" in again


def test_the_server_takes_the_example_once_its_placeholders_are_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable, value in server_environment().items():
        monkeypatch.setenv(variable, value.replace(PLACEHOLDER, "connexion"))
    settings = ServerSettings(_env_file=None)
    assert settings.host == "0.0.0.0"  # noqa: S104 - inside its container
    assert settings.sign_in == "oidc"
    assert settings.workers == int(active()["FANAL_WORKERS"])
    assert "server" in settings.allowed_hosts


def test_a_placeholder_is_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in server_environment().items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError, match=f"FANAL_OIDC_ISSUER : « {PLACEHOLDER} »"):
        ServerSettings(_env_file=None)


def test_a_placeholder_in_a_secret_is_refused_too() -> None:
    with pytest.raises(ValidationError, match="FANAL_QDRANT_API_KEY"):
        ServerSettings(_env_file=None, qdrant_api_key=PLACEHOLDER)


def test_the_page_refuses_a_placeholder_too() -> None:
    secret = "d8Kq3vZ1nX7rT5wB2mL9cF4hJ6gP0sYa"
    given = {
        "sign_in": "oidc",
        "oidc_issuer": "https://connexion.exemple.fr",
        "oidc_audience": "fanal",
        "public_url": "https://fanal.exemple.fr",
        "cookie_secret": secret,
    }
    UiSettings(_env_file=None, **given, oidc_client_secret=secret)
    with pytest.raises(ValidationError, match="oidc_client_secret"):
        UiSettings(_env_file=None, **given, oidc_client_secret=PLACEHOLDER)


def server_environment() -> dict[str, str]:
    """Give what the server's container is started with by the example, its secrets aside."""
    values = active()
    service = SERVICES["server"]["environment"]
    given = {name: values.get(name) if value is None else value for name, value in service.items()}
    filled = {
        name: re.sub(r"\$\{([A-Z0-9_]+)\}", lambda match: values[match[1]], str(value))
        for name, value in given.items()
        if value is not None and name != "FANAL_SECRETS_DIR"
    }
    return filled | {"FANAL_DATABASE_URL": "postgresql://fanal@postgres/fanal"}


def test_the_images_are_built_from_what_is_there() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = [source for line in copied for source in line.split()]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    let_in = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    assert set(sources) <= set(let_in)
    assert [name for name in let_in if not (ROOT / name).exists()] == ["wheelhouse"]
    for service in ("server", "ui"):
        assert f"AS {SERVICES[service]['build']['target']}\n" in DOCKERFILE
        assert (
            INFRA / SERVICES[service]["build"]["context"] / SERVICES[service]["build"]["dockerfile"]
        ).exists()


def test_the_images_install_what_the_lock_pins_and_run_as_nobody() -> None:
    assert "--require-hashes" in DOCKERFILE
    assert "-c requirements.lock" in DOCKERFILE
    for target in DOCKERFILE.split("\nFROM ")[3:]:
        if target.startswith("code AS "):
            assert "USER 10001:10001" in target
            assert target.index("USER") < target.index("CMD")


def test_no_file_that_compose_mounts_is_missing() -> None:
    mounted = [volume for service in SERVICES.values() for volume in service.get("volumes", [])]
    own = [volume.partition(":")[0] for volume in mounted if volume.startswith("./")]
    assert own == ["./nginx/fanal.conf"]
    assert (INFRA / own[0]).exists()
