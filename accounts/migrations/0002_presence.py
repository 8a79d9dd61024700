"""Whether others see if somebody is here; they do, unless they are asked not to."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="shows_presence",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="Others see whether this person is here.",
                verbose_name="shows presence",
            ),
        ),
    ]
