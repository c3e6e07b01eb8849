"""Settings come from the environment, one file and the flags; each mistake is one sentence, and no key is shown."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from batch.errors import ConfigError, SignInError
from batch.settings import (
    API_URL,
    AccessToken,
    ApiKey,
    AppCredential,
    Settings,
    SiteSettings,
    check_api_url,
    load_settings,
)

A = "01234567-89ab-cdef-0123-456789abcdef"
B = "11111111-2222-3333-4444-555555555555"
KEY = "IST.a-key-that-nobody-may-see-0123456789"
TWO = f'[sites.pottery]\nsite_id = "{A}"\n[sites.Bakery]\nsite_id = "{B}"\n'

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load settings with a file beside the sheet, and nothing else around."""
    for name in ("sheet", "cwd", "home"):
        (tmp_path / name).mkdir()

    def read(file: str | bytes | None = None, environ: Mapping[str, str] | None = None, **flags: object) -> Settings:
        if file is not None:
            content = file if isinstance(file, bytes) else file.encode()
            (tmp_path / "sheet" / "postbatch.toml").write_bytes(content)
        around = {"XDG_CONFIG_HOME": str(tmp_path / "home"), **(environ or {})}
        return load_settings(around, sheet_folder=tmp_path / "sheet", cwd=tmp_path / "cwd", **flags)

    return read


def test_with_nothing_configured_there_is_nothing_to_send_to_and_no_credential_is_asked_for(load: Load) -> None:
    settings = load()
    assert (settings.sites, settings.default_site, settings.api_url) == ({}, "default", API_URL)
    assert (settings.calls_per_minute, settings.settle_seconds, settings.via) == (180, 15, "auto")
    assert settings.timezone_for() == ""
    with pytest.raises(ConfigError, match="set WIX_SITE_ID, or add a"):
        settings.site()


def test_the_environment_alone_makes_one_site(load: Load) -> None:
    settings = load(environ={"WIX_SITE_ID": A.upper(), "WIX_API_KEY": f" {KEY}\n"})
    assert settings.sites == {"default": SiteSettings("default", A)}
    assert settings.credential_for() == ApiKey(KEY)


def test_a_file_says_everything_of_its_sites(load: Load) -> None:
    settings = load(
        f"""
        timezone = "Europe/Berlin"
        calls_per_minute = 120
        via = "publish"
        settle_seconds = 2.5
        default_site = "bakery"
        [sites.pottery]
        site_id = "{A}"
        timezone = "America/New_York"
        calls_per_minute = 60
        via = "bulk"
        api_key_env = "WIX_POTTERY_KEY"
        [sites.bakery]
        site_id = "{B}"
        access_token_env = "WIX_BAKERY_TOKEN"
        """,
        {"WIX_POTTERY_KEY": KEY, "WIX_BAKERY_TOKEN": "a-token"},
    )
    assert settings.sites == {
        "pottery": SiteSettings("pottery", A, "America/New_York", 60, "bulk", api_key_env="WIX_POTTERY_KEY"),
        "bakery": SiteSettings("bakery", B, "", 120, "publish", access_token_env="WIX_BAKERY_TOKEN"),
    }
    assert (settings.default_site, settings.timezone, settings.settle_seconds) == ("bakery", "Europe/Berlin", 2.5)
    assert (settings.timezone_for("POTTERY"), settings.timezone_for()) == ("America/New_York", "Europe/Berlin")
    assert settings.credential_for("pottery") == ApiKey(KEY)
    assert settings.credential_for() == AccessToken("a-token")
    assert settings.config_place == "beside the sheet"


def test_the_first_file_found_wins(load: Load, tmp_path: Path) -> None:
    places = [
        (tmp_path / "home" / "postbatch", "in your configuration folder", "Asia/Tokyo"),
        (tmp_path / "cwd", "in the current folder", "Europe/Paris"),
        (tmp_path / "sheet", "beside the sheet", "Europe/Berlin"),
    ]
    for folder, place, zone in places:
        folder.mkdir(exist_ok=True)
        (folder / "postbatch.toml").write_text(f'timezone = "{zone}"')
        settings = load()
        assert (settings.config_place, settings.timezone) == (place, zone)
        assert settings.config_path == folder / "postbatch.toml"
    own = tmp_path / "own.toml"
    own.write_text('timezone = "UTC"')
    settings = load(config=own)
    assert (settings.config_place, settings.timezone, settings.config_path) == ("given with --config", "UTC", own)


@pytest.mark.parametrize("wrong", ["zone = 1", "timezone = ", 'timezone = "Mars"', b"\xff"])
def test_a_mistake_is_told_by_the_name_of_the_file_that_holds_it(
    load: Load, tmp_path: Path, wrong: str | bytes
) -> None:
    own = tmp_path / "agency.toml"
    own.write_bytes(wrong if isinstance(wrong, bytes) else wrong.encode())
    with pytest.raises(ConfigError, match=r"^agency\.toml given with --config"):
        load(config=own)


def test_a_file_that_is_named_must_be_there(load: Load, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no configuration file"):
        load(config=tmp_path / "absent.toml")


def test_the_only_site_is_the_default_and_of_several_none_is(load: Load) -> None:
    assert load(f'[sites.pottery]\nsite_id = "{A}"').default_site == "pottery"
    settings = load(TWO)
    assert settings.default_site == ""
    with pytest.raises(ConfigError, match="--site with one of: pottery, Bakery"):
        settings.site()
    assert settings.timezone_for() == ""


def test_a_site_is_found_in_any_case_and_a_likely_one_is_named(load: Load) -> None:
    settings = load(TWO)
    assert settings.site("BAKERY ").site_id == B
    with pytest.raises(ConfigError, match=r"no site called “potery”.*pottery, Bakery.*Did you mean pottery"):
        settings.site("potery")


def test_the_site_flag_chooses_the_default(load: Load) -> None:
    assert load(TWO, site="bakery").default_site == "Bakery"
    with pytest.raises(ConfigError, match="no site called"):
        load(TWO, site="brewery")
    with pytest.raises(ConfigError, match=r"there is: none"):
        load("", site="pottery")


def test_the_way_flag_wins_for_every_site(load: Load) -> None:
    settings = load(TWO, via="bulk")
    assert {settings.via, *(site.via for site in settings.sites.values())} == {"bulk"}
    with pytest.raises(ConfigError, match="--via"):
        load(TWO, via="pigeon")


def test_wix_site_id_chooses_among_the_sites_of_the_file(load: Load) -> None:
    assert load(TWO, {"WIX_SITE_ID": B}).default_site == "Bakery"
    settings = load(f'default_site = "pottery"\n{TWO}', {"WIX_SITE_ID": B})
    assert settings.default_site == "Bakery"
    assert settings.notices == ("WIX_SITE_ID makes Bakery the default site, not pottery as postbatch.toml says.",)


def test_wix_site_id_of_a_site_that_the_file_does_not_list_is_a_question(load: Load) -> None:
    other = {"WIX_SITE_ID": A.replace("0", "9")}
    with pytest.raises(ConfigError, match="does not list"):
        load(TWO, other)
    assert load(TWO, other, site="pottery").default_site == "pottery"


@pytest.mark.parametrize(
    ("environ", "credential"),
    [
        ({"WIX_API_KEY": KEY}, ApiKey(KEY)),
        ({"WIX_ACCESS_TOKEN": KEY}, AccessToken(KEY)),
        (
            {"WIX_APP_ID": "app", "WIX_APP_SECRET": KEY, "WIX_INSTANCE_ID": "here"},
            AppCredential(KEY, "app", "here"),
        ),
        ({"WIX_API_KEY": KEY, "WIX_ACCESS_TOKEN": "  "}, ApiKey(KEY)),
    ],
)
def test_each_of_the_three_credentials(load: Load, environ: dict[str, str], credential: object) -> None:
    assert load(environ={"WIX_SITE_ID": A, **environ}).credential_for() == credential


def test_no_credential_names_the_variables_to_set(load: Load) -> None:
    with pytest.raises(SignInError, match=r"set WIX_API_KEY, or WIX_ACCESS_TOKEN, or WIX_APP_ID with"):
        load(environ={"WIX_SITE_ID": A}).credential_for()
    settings = load(f'[sites.pottery]\nsite_id = "{A}"\napi_key_env = "WIX_POTTERY_KEY"', {"WIX_API_KEY": KEY})
    with pytest.raises(SignInError, match="names WIX_POTTERY_KEY, which is not set"):
        settings.credential_for()


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"WIX_API_KEY": KEY, "WIX_ACCESS_TOKEN": KEY}, "WIX_API_KEY and WIX_ACCESS_TOKEN are set together"),
        ({"WIX_API_KEY": KEY, "WIX_INSTANCE_ID": "x"}, "WIX_API_KEY and WIX_INSTANCE_ID are set together"),
        ({"WIX_APP_ID": "x", "WIX_INSTANCE_ID": "y"}, "needs WIX_APP_SECRET as well"),
        ({"WIX_APP_SECRET": KEY}, "needs WIX_APP_ID and WIX_INSTANCE_ID as well"),
        ({"WIX_API_KEY": f"Bearer {KEY}"}, "WIX_API_KEY holds a space"),
        ({"WIX_API_KEY": f'"{KEY}"'}, "WIX_API_KEY holds a space, a quote"),
        ({"WIX_API_KEY": f"{KEY}\u200b"}, "WIX_API_KEY holds"),
        ({"WIX_API_KEY": f"{KEY}\r\nx: y"}, "WIX_API_KEY holds"),
    ],
)
def test_a_credential_that_contradicts_itself_is_a_question_without_its_value(
    load: Load, environ: dict[str, str], words: str
) -> None:
    settings = load(environ={"WIX_SITE_ID": A, **environ})
    with pytest.raises(ConfigError, match=words) as caught:
        settings.credential_for()
    assert KEY not in str(caught.value)


def test_one_token_is_never_used_for_two_sites(load: Load) -> None:
    settings = load(TWO, {"WIX_ACCESS_TOKEN": KEY})
    with pytest.raises(ConfigError, match=r"belongs to one site, but pottery and Bakery.*access_token_env"):
        settings.credential_for("pottery")
    app = {"WIX_APP_ID": "app", "WIX_APP_SECRET": KEY, "WIX_INSTANCE_ID": "here"}
    with pytest.raises(ConfigError, match="instance_id_env"):
        load(TWO, app).credential_for("Bakery")
    assert load(TWO, {"WIX_API_KEY": KEY}).credential_for("Bakery") == ApiKey(KEY)


def test_one_app_serves_sites_that_name_their_instances(load: Load) -> None:
    file = (
        TWO.replace("[sites.Bakery]", 'instance_id_env = "WIX_POTS"\n[sites.Bakery]')
        + 'instance_id_env = "WIX_BREAD"\n'
    )
    settings = load(file, {"WIX_APP_ID": "app", "WIX_APP_SECRET": KEY, "WIX_POTS": "p", "WIX_BREAD": "b"})
    assert settings.credential_for("pottery") == AppCredential(KEY, "app", "p")
    assert settings.credential_for("bakery") == AppCredential(KEY, "app", "b")


def test_a_site_with_its_own_key_does_not_share_the_usual_token(load: Load) -> None:
    file = TWO.replace("[sites.Bakery]", 'api_key_env = "WIX_POTS"\n[sites.Bakery]')
    settings = load(file, {"WIX_ACCESS_TOKEN": "bakery-token", "WIX_POTS": KEY})
    assert settings.credential_for("bakery") == AccessToken("bakery-token")
    assert settings.credential_for("pottery") == ApiKey(KEY)


SITE = f'[sites.pottery]\nsite_id = "{A}"\n'


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("timezone = ", "is not valid TOML: Invalid value"),
        (b'timezone = "\xff"', "is not UTF-8"),
        (b"x = 1\n" * 11_000, "larger than 64 kB"),
        ("a = " + "[\n" * 30_000, "is not valid TOML"),
        ('timezon = "UTC"', "no setting “timezon”. Did you mean timezone"),
        ("shade = 1", "no setting “shade”. The settings are timezone, calls_per_minute"),
        ('timezone = "Europe/Berln"', "“Europe/Berln” is not a time zone; did you mean Europe/Berlin"),
        ('timezone = "../../etc/passwd"', "is not a time zone"),
        ('timezone = "Europe"', "is not a time zone"),
        ("timezone = 1", "timezone is not text"),
        ("calls_per_minute = 0", "whole number from 1 to 200"),
        ("calls_per_minute = 201", "whole number from 1 to 200"),
        ("calls_per_minute = 1.5", "whole number from 1 to 200"),
        ("calls_per_minute = true", "whole number from 1 to 200"),
        ('via = "pigeon"', "“pigeon” is not a way to send; write one of auto, draft, publish, bulk"),
        ("settle_seconds = -1", "number from 0 to 300"),
        ("settle_seconds = nan", "number from 0 to 300"),
        ('api_url = "https://evil.example"', "use the variable WIX_API_URL"),
        ('default_site = "pottery"', "has a default_site but no sites"),
        (f'default_site = "x"\n{SITE}', "no site called “x”"),
        ("sites = 1", "sites is not a table"),
        ("[sites]\npottery = 1", r"sites.pottery is not a table: write \[sites.pottery\]"),
        ("columns = 1", r"columns is not a table: write \[columns\]"),
        ("[columns]\ntext = 1", r"\[columns\]: text is not text"),
        ("[sites.pottery]", r"\[sites.pottery\]: site_id is missing"),
        ('[sites.pottery]\nsite_id = "123"', "site_id is not a GUID"),
        ("[sites.pottery]\nsite_id = 123", "site_id is not text"),
        (f"{SITE}callsperminute = 1", "no setting “callsperminute”. Did you mean calls_per_minute"),
        (f'{SITE}timezone = "Mars"', r"\[sites.pottery\]: timezone"),
        (f"{SITE}calls_per_minute = 500", r"\[sites.pottery\]: calls_per_minute"),
        (f'[sites."a,b"]\nsite_id = "{A}"', "can't be blank or hold a comma"),
        (f'[sites." "]\nsite_id = "{A}"', "can't be blank or hold a comma"),
        (f'{SITE}[sites.bakery]\nsite_id = "{A.upper()}"', "pottery and bakery have one site_id in common"),
        (f'{SITE}[sites.POTTERY]\nsite_id = "{B}"', "pottery and POTTERY have one name in common"),
        (
            f'{SITE}api_key_env = "WIX_A"\naccess_token_env = "WIX_B"',
            "api_key_env and access_token_env name two credentials",
        ),
        (f'{SITE}api_key_env = "WIX_A"\ninstance_id_env = "WIX_B"', "api_key_env and app_id_env name two credentials"),
    ],
)
def test_each_mistake_in_the_file_is_one_sentence_with_its_place_and_remedy(
    load: Load, file: str | bytes, words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        load(file)
    assert str(caught.value).startswith("postbatch.toml beside the sheet") or "no site called" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "file",
    [
        "a." * 32_000 + "b = 1",
        "".join(f"{'a.' * 480}b{n} = 1\n" for n in range(66)),
        "[" + "a." * 490 + "b]\n" + "".join(f"{'b.' * 400}c{n} = 1\n" for n in range(79)),
        "x = " + "[\n" * 32_000,
        "x = " + "{y = " * 190 + "1" + "}" * 190,
        "".join(f'[sites.s{n}]\nsite_id = "{A}"\ntimezone = "Eurpe/Berln"\n' for n in range(800)),
        f'timezone = "{"Europe/" * 120}"',
        "timezon" * 140 + " = 1",
        '"""' + "x" * 65_000,
        "".join(f"[[a]]\n[a.b{n}]\n" for n in range(4_000)),
    ],
    ids=range(10),
)
def test_no_file_takes_more_than_a_second_of_the_processor(load: Load, file: str) -> None:
    began = time.process_time()
    with pytest.raises(ConfigError):
        load(file)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "line",
    [
        f'api_key = "{KEY}"',
        'key = "short"',
        'access_token = "short"',
        'app_secret = "short"',
        'WIX_API_KEY = "short"',
        f'api_key_env = "{KEY}"',
        'api_key_env = "d41d8cd98f00b204e9800998ecf8427e"',
        f'timezone = "{KEY}"',
        f'site_id = "{KEY}"',
        'notes = "eyJhbGciOiJIUzI1NiJ9.e30.x"',
        f'"{KEY}" = "x"',
    ],
)
@pytest.mark.parametrize("where", ["", "[sites.pottery]\n"])
def test_a_key_in_the_file_is_refused_and_not_shown(load: Load, line: str, where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(f"{where}{line}\n")
    said = str(caught.value)
    assert "hold a key itself" in said or ("no setting" in said and "api_key_env" not in line)
    for secret in (KEY, "short", "d41d8cd98f00b204e9800998ecf8427e", "eyJhbGci"):
        assert secret not in said


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://www.wixapis.com", "https://www.wixapis.com"),
        ("https://www.wixapis.com/", "https://www.wixapis.com"),
        ("https://proxy.example:8443", "https://proxy.example:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.1.2.3", "http://127.1.2.3"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ],
)
def test_an_address_of_the_api(load: Load, address: str, origin: str) -> None:
    assert check_api_url(address) == origin
    assert load(environ={"WIX_API_URL": address}).api_url == origin


@pytest.mark.parametrize(
    "address",
    [
        "http://www.wixapis.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "ftp://www.wixapis.com",
        "file:///etc/passwd",
        "www.wixapis.com",
        "https://",
        "https://www.wixapis.com/social-publisher/v1",
        "https://www.wixapis.com?x=1",
        "https://www.wixapis.com#x",
        "https://user:pass@www.wixapis.com",
        "https://www.wixapis.com@evil.example",
        "https://www.wixapis.com:port",
        "https://www.wixapis.com:99999",
        "https://www.wix apis.com",
        "https://[::1",
        "https://www.wixapis.com\\@evil.example",
    ],
)
def test_an_address_that_would_show_the_key_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="WIX_API_URL is not an address to use") as caught:
        check_api_url(address)
    assert "pass" not in str(caught.value)


def test_the_sandbox_keeps_the_sites_and_takes_nothing_else_along(load: Load) -> None:
    file = f'timezone = "Europe/Berlin"\n{TWO}api_key_env = "WIX_BREAD"\n'
    loaded = load(file, {"WIX_ACCESS_TOKEN": KEY, "WIX_BREAD": KEY})
    settings = loaded.for_sandbox(api_url="http://127.0.0.1:9", key="sandbox-key")
    assert settings.api_url == "http://127.0.0.1:9"
    assert list(settings.sites) == ["pottery", "Bakery"]
    assert {settings.credential_for(site).get_secret_value() for site in settings.sites} == {"sandbox-key"}


def test_settings_show_no_credential_however_they_are_shown(load: Load) -> None:
    settings = load(TWO, {"WIX_API_KEY": KEY})
    assert KEY not in repr(settings) + repr(dataclasses.asdict(settings)) + repr(settings.variables)


def test_settings_load_nothing_heavy() -> None:
    probe = "import sys, batch.settings; print([m for m in ('pydantic', 'httpx', 'pandas') if m in sys.modules])"
    root = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, cwd=root)
    assert done.stdout.strip() == "[]", done.stderr
