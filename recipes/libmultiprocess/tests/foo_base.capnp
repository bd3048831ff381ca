# What foo_kinds.capnp and foo_derived.capnp build on.

@0xe102a54b33a43a22;

using Proxy = import "/mp/proxy.capnp";

struct Name $Proxy.wrap("foo_base.Name") {
    name @0 :Text;
}

interface Readable $Proxy.wrap("foo_base.Readable") {
    destroy @0 (context :Proxy.Context) -> () $Proxy.name("closed");
    read @1 (context :Proxy.Context) -> (result :Text);
}

interface Writable $Proxy.wrap("foo_base.Writable") {
    destroy @0 (context :Proxy.Context) -> ();
    write @1 (context :Proxy.Context, text :Text) -> ();
}
