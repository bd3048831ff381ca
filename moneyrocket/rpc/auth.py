"""Who may use the RPC server: cookie, -rpcauth, -rpcuser and -rpcpassword, and -rpcwhitelist."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from moneyrocket.common import own_files
from moneyrocket.common.args import ArgsManager
from moneyrocket.common.logging import log

COOKIE_USER = "__cookie__"
COOKIE_FILE = ".cookie"

_PERMISSIONS = {"owner": 0o600, "group": 0o640, "all": 0o644}


class AuthError(Exception):
    """The authentication options are wrong, or the cookie cannot be written; already logged."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A user and the HMAC-SHA256 (hex) of the password keyed with the salt."""

    user: str
    salt: str
    digest: str

    def matches(self, user: str, password: str) -> bool:
        """Whether name and password are right; takes the same time for every wrong one."""
        given = _digest(self.salt, password)
        right_user = hmac.compare_digest(self.user.encode(), user.encode())
        return hmac.compare_digest(given, self.digest) and right_user


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Credentials and permissions of the server.

    Attributes:
        credentials: all that are valid.
        whitelist: for each user that has one, the methods it may call.
        deny_unlisted: users without a whitelist may call nothing.
        cookie: the cookie file that this process wrote, if any.
    """

    credentials: tuple[Credential, ...]
    whitelist: dict[str, frozenset[str]] = field(default_factory=dict)
    deny_unlisted: bool = False
    cookie: Path | None = None

    def login(self, header: str) -> str | None:
        """Checks an ``Authorization`` header; returns the user's name, None when it is refused."""
        scheme, _, encoded = header.partition(" ")
        if scheme != "Basic":
            return None
        try:
            user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        if not colon or not sum(credential.matches(user, password) for credential in self.credentials):
            return None
        return user

    def may_call(self, user: str, method: str) -> bool:
        """Whether a user may call a method; a refusal is logged."""
        allowed = self.whitelist.get(user)
        if allowed is None:
            if self.deny_unlisted:
                log.warning("RPC User %s not allowed to call any methods", user)
            return not self.deny_unlisted
        if method not in allowed:
            log.warning("RPC User %s not allowed to call method %s", user, method)
        return method in allowed

    def delete_cookie(self) -> None:
        """Deletes the cookie file that this process wrote."""
        if self.cookie is not None:
            try:
                own_files.remove(self.cookie, missing_ok=True)
            except OSError as error:
                log.warning("Unable to remove random auth cookie file %s: %s", self.cookie, error.strerror)


def cookie_path(args: ArgsManager) -> Path | None:
    """Returns where the cookie is (-rpccookiefile), None when it is disabled."""
    path = args.get_path("-rpccookiefile", COOKIE_FILE)
    return None if path is None else args.absolute(path)


def make_authenticator(args: ArgsManager) -> Authenticator:
    """Reads the options and writes the cookie.

    Raises:
        AuthError: an option is malformed or the cookie cannot be written.
    """
    credentials = []
    cookie = None
    password = args.get("-rpcpassword", "")
    if password:
        log.info("Using rpcuser/rpcpassword authentication.")
        log.warning(
            "rpcuser and rpcpassword keep a password as plain text in the settings; the cookie, or rpcauth with a "
            "hashed password, is safer."
        )
        credentials.append(_hashed(args.get("-rpcuser", ""), password))
    else:
        cookie = cookie_path(args)
        if cookie is None:
            log.info("RPC authentication cookie file generation is disabled.")
        else:
            credentials.append(_hashed(COOKIE_USER, _write_cookie(cookie, args.get_opt("-rpccookieperms"))))
            log.info("Using random cookie authentication.")
    lines = args.get_list("-rpcauth")
    if lines:
        log.info("Using rpcauth authentication.")
        credentials.extend(_parse_rpcauth(line) for line in lines)
    whitelists = args.get_list("-rpcwhitelist")
    return Authenticator(
        credentials=tuple(credentials),
        whitelist=_parse_whitelists(whitelists),
        deny_unlisted=args.get_bool("-rpcwhitelistdefault", bool(whitelists)),
        cookie=cookie,
    )


def _digest(salt: str, password: str) -> str:
    return hmac.digest(salt.encode(), password.encode(), "sha256").hex()


def _hashed(user: str, password: str) -> Credential:
    salt = os.urandom(16).hex()
    return Credential(user, salt, _digest(salt, password))


def _write_cookie(path: Path, permissions: str | None) -> str:
    if permissions is not None and permissions not in _PERMISSIONS:
        log.error("Invalid -rpccookieperms=%s; must be one of 'owner', 'group', or 'all'.", permissions)
        raise AuthError
    password = os.urandom(32).hex()
    temporary = path.with_name(path.name + ".tmp")
    try:
        descriptor = own_files.open_file(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError:
        log.warning("Unable to open cookie authentication file %s for writing", temporary)
        raise AuthError from None
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{COOKIE_USER}:{password}")
    try:
        own_files.rename(temporary, path)
    except OSError:
        log.warning("Unable to rename cookie authentication file %s to %s", temporary, path)
        raise AuthError from None
    if permissions is not None:
        try:
            own_files.chmod(path, _PERMISSIONS[permissions])
        except OSError:
            log.warning("Unable to set permissions on cookie authentication file %s", path)
            raise AuthError from None
    log.info("Generated RPC authentication cookie %s", path)
    log.info("Permissions used for cookie: %s", stat.filemode(path.stat().st_mode)[1:])
    return password


def _parse_rpcauth(line: str) -> Credential:
    user, colon, secret = line.partition(":")
    salt, dollar, digest = secret.partition("$")
    if not (colon and dollar) or ":" in secret or "$" in digest:
        log.warning("Invalid -rpcauth argument.")
        raise AuthError
    return Credential(user, salt, digest)


def _parse_whitelists(lines: list[str]) -> dict[str, frozenset[str]]:
    result: dict[str, frozenset[str]] = {}
    for line in lines:
        user, colon, methods = line.partition(":")
        earlier = result.get(user)
        allowed = earlier or frozenset()
        if colon:
            allowed = frozenset(methods.replace(",", " ").split(" "))
            # A user named twice may call what both lists allow.
            allowed = allowed if earlier is None else allowed & earlier
        result[user] = allowed
    return result
