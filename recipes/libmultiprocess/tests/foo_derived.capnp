# Interfaces that extend those of another file.

@0xe102a54b33a43a23;

using Proxy = import "/mp/proxy.capnp";
using Base = import "foo_base.capnp";

interface Document extends(Base.Readable, Base.Writable) $Proxy.wrap("foo_derived.Document") {
    rename @0 (context :Proxy.Context, name :Base.Name) -> (result :Base.Name);
}

interface SignedDocument extends(Document) $Proxy.wrap("foo_derived.SignedDocument") {
    sign @0 (context :Proxy.Context) -> (result :Text);
}

interface Library $Proxy.wrap("foo_derived.Library") {
    construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
    open @1 (context :Proxy.Context) -> (result :SignedDocument);
    # Not extended here: the class inherits it.
    describe @2 (context :Proxy.Context) -> (result :Text);
    readAll @3 (context :Proxy.Context, documents :List(Base.Readable)) -> (result :List(Text));
}
