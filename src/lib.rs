#![doc = "Console."]
